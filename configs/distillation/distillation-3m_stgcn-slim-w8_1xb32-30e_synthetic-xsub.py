# Distill IKEM's six modalities into joint, motion and bone encoders, synthetic
# set, cross-subject.
#   bash tools/dist_train.sh \
#       configs/distillation/distillation-3m_stgcn-slim-w8_1xb32-30e_synthetic-xsub.py 1
_base_ = [
    '../_base_/models/distillation_stgcn-slim.py',
    '../_base_/datasets/synthetic_two-view.py',
    '../_base_/schedules/distill_150e.py',
    '../_base_/default_runtime.py',
]

model = dict(
    teacher=dict(
        backbone=dict(base_channels=8, out_channels=64),
        neck=dict(in_channels=64),
        pretrained='work_dirs/ikem-6m_stgcn-slim-w8_1xb32-30e_synthetic-xsub/epoch_30.pth',
    ),
    backbone=dict(base_channels=8, out_channels=64, dropout=0.0),
    neck=dict(in_channels=64),
    bank_size=1024,
    temperature=0.1,
)
train_dataloader = dict(batch_size=32, num_workers=0, persistent_workers=False)
val_dataloader = dict(num_workers=0, persistent_workers=False)
test_dataloader = val_dataloader
optim_wrapper = dict(optimizer=dict(lr=0.005))
train_cfg = dict(max_epochs=30)
param_scheduler = [
    dict(type='MultiStepLR', by_epoch=True, milestones=[26], gamma=0.1)
]
auto_scale_lr = dict(base_batch_size=32)
