# IKEM on joint, motion and bone of NW-UCLA, cross-view.
#   bash tools/dist_train.sh \
#       configs/ikem/ikem-3m_stgcn-slim_1xb64-100e_nwucla-xview.py 1
_base_ = [
    '../_base_/models/ikem_stgcn-slim.py',
    '../_base_/datasets/nwucla_two-view.py',
    '../_base_/schedules/two_stage_300e.py',
    '../_base_/default_runtime.py',
]

model = dict(
    data_preprocessor=dict(layout='kinect-20'),
    backbone=dict(layout='kinect-20', dropout=0.0),
    bank_size=1024,
    momentum=0.99,  # a short training: the key encoders have to keep up
    temperature=0.1,
)
optim_wrapper = dict(optimizer=dict(lr=0.03))
train_cfg = dict(max_epochs=100)
param_scheduler = [
    dict(type='MultiStepLR', by_epoch=True, milestones=[80], gamma=0.1)
]
custom_hooks = [dict(type='ExchangeStageHook', begin=50)]
auto_scale_lr = dict(base_batch_size=64)
