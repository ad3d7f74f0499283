# IKEM on all six modalities of NW-UCLA, cross-view.
#   bash tools/dist_train.sh \
#       configs/ikem/ikem-6m_stgcn-slim_1xb64-100e_nwucla-xview.py 1
_base_ = './ikem-3m_stgcn-slim_1xb64-100e_nwucla-xview.py'

model = dict(
    data_preprocessor=dict(modalities={{_base_.six_modalities}}),
    frozen_keys=['joint', 'bone', 'rotation_axis'],
)
