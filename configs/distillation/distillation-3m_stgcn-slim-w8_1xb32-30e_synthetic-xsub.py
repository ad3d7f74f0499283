# Distill IKEM's six modalities into joint, motion and bone encoders of the
# synthetic set, cross-subject.
#   bash tools/dist_train.sh \
#       configs/distillation/distillation-3m_stgcn-slim-w8_1xb32-30e_synthetic-xsub.py 1
# docs/configs.md has the config of the teacher, a child of ikem-3m.
_base_ = [
    '../_base_/pretraining/distillation_30e.py',
    '../_base_/datasets/synthetic-xsub.py',
]

model = dict(
    teacher=dict(
        pretrained='work_dirs/ikem-6m_stgcn-slim-w8_1xb32-30e_synthetic-xsub/epoch_30.pth'
    ),
    **_base_.encoder,
)
train_dataloader = _base_.two_views
