# Linear evaluation of IKEM's six encoders on NTU RGB+D 60, cross-subject,
# each alone and fused.
#   bash tools/dist_train.sh \
#       configs/linear/linear-6m_stgcn-slim_1xb128-100e_ntu60-xsub.py 1
_base_ = './linear-3m_stgcn-slim_1xb128-100e_ntu60-xsub.py'

model = dict(
    data_preprocessor=dict(modalities=_base_.six_modalities),
    pretrained='work_dirs/ikem-6m_stgcn-slim_1xb128-300e_ntu60-xsub/epoch_300.pth',
)
