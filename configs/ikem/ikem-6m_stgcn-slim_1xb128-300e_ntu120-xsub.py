# IKEM on all six modalities of NTU RGB+D 120, cross-subject.
#   bash tools/dist_train.sh \
#       configs/ikem/ikem-6m_stgcn-slim_1xb128-300e_ntu120-xsub.py 4
_base_ = './ikem-3m_stgcn-slim_1xb128-300e_ntu120-xsub.py'

model = dict(
    data_preprocessor=dict(modalities={{_base_.six_modalities}}),
    frozen_keys=['joint', 'bone', 'rotation_axis'],
)
