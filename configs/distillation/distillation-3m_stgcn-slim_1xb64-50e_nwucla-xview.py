# Distill IKEM's six modalities into joint, motion and bone encoders of
# NW-UCLA, cross-view.
#   bash tools/dist_train.sh \
#       configs/distillation/distillation-3m_stgcn-slim_1xb64-50e_nwucla-xview.py 1
# docs/configs.md has the config of the teacher, a child of ikem-3m.
_base_ = [
    '../_base_/pretraining/distillation_50e.py',
    '../_base_/datasets/nwucla-xview.py',
]

model = dict(
    teacher=dict(
        pretrained='work_dirs/ikem-6m_stgcn-slim_1xb64-100e_nwucla-xview/epoch_100.pth'
    ),
    **_base_.encoder,
)
train_dataloader = _base_.two_views
