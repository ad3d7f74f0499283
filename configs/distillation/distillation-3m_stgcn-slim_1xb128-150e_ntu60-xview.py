# Distill IKEM's six modalities into joint, motion and bone encoders of NTU
# RGB+D 60, cross-view.
#   bash tools/dist_train.sh \
#       configs/distillation/distillation-3m_stgcn-slim_1xb128-150e_ntu60-xview.py 1
# The paper's students reach 86.0 % in linear evaluation, fused.
_base_ = [
    '../_base_/pretraining/distillation_150e.py',
    '../_base_/datasets/ntu60-xview.py',
]

model = dict(
    teacher=dict(
        pretrained='work_dirs/ikem-6m_stgcn-slim_1xb128-300e_ntu60-xview/epoch_300.pth'
    )
)
train_dataloader = _base_.two_views
