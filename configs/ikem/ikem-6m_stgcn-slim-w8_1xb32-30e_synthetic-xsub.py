# IKEM on all six modalities of the synthetic set, cross-subject.
#   bash tools/dist_train.sh \
#       configs/ikem/ikem-6m_stgcn-slim-w8_1xb32-30e_synthetic-xsub.py 1
_base_ = './ikem-3m_stgcn-slim-w8_1xb32-30e_synthetic-xsub.py'

model = dict(
    data_preprocessor=dict(modalities={{_base_.six_modalities}}),
    frozen_keys=['joint', 'bone', 'rotation_axis'],
)
