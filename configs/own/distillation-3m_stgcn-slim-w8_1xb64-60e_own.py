# Distill IKEM's six modalities into joint, motion and bone encoders of a small
# set of your own, a base to inherit: set data_root, the layout, the teacher and a
# bank of about half the set.
#   bash tools/dist_train.sh \
#       configs/own/distillation-3m_stgcn-slim-w8_1xb64-60e_own.py 1
# docs/configs.md has the config of the teacher, a child of ikem-3m.
_base_ = [
    '../_base_/models/distillation_stgcn-slim.py',
    '../_base_/schedules/small_set.py',
    '../_base_/datasets/own.py',
]

model = dict(
    _base_.small,
    bank_size=512,
    teacher=dict(
        pretrained='work_dirs/ikem-6m_stgcn-slim-w8_1xb64-60e_own/epoch_60.pth'
    ),
    **_base_.encoder,
)
train_dataloader = _base_.two_views
optim_wrapper = dict(optimizer=dict(lr=0.02))
