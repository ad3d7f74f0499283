# Linear evaluation of IKEM's three encoders on NTU RGB+D 60, cross-subject,
# each alone and fused.
#   bash tools/dist_train.sh \
#       configs/linear/linear-3m_stgcn-slim_1xb128-100e_ntu60-xsub.py 1
# Another checkpoint: --cfg-options model.pretrained=PATH.
_base_ = [
    '../_base_/evaluation/linear_100e.py',
    '../_base_/datasets/ntu60-xsub.py',
]

model = dict(
    pretrained='work_dirs/ikem-3m_stgcn-slim_1xb128-300e_ntu60-xsub/epoch_300.pth',
    **_base_.classifier,
)
