# Distill IKEM's six modalities into joint, motion and bone encoders, NW-UCLA,
# cross-view.
#   bash tools/dist_train.sh \
#       configs/distillation/distillation-3m_stgcn-slim_1xb64-50e_nwucla-xview.py 1
_base_ = [
    '../_base_/models/distillation_stgcn-slim.py',
    '../_base_/datasets/nwucla_two-view.py',
    '../_base_/schedules/distill_150e.py',
    '../_base_/default_runtime.py',
]

model = dict(
    data_preprocessor=dict(layout='kinect-20'),
    teacher=dict(
        backbone=dict(layout='kinect-20'),
        pretrained='work_dirs/ikem-6m_stgcn-slim_1xb64-100e_nwucla-xview/epoch_100.pth',
    ),
    backbone=dict(layout='kinect-20', dropout=0.0),
    bank_size=1024,
    temperature=0.1,
)
optim_wrapper = dict(optimizer=dict(lr=0.01))
train_cfg = dict(max_epochs=50)
param_scheduler = [
    dict(type='MultiStepLR', by_epoch=True, milestones=[40], gamma=0.1)
]
auto_scale_lr = dict(base_batch_size=64)
