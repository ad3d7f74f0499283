# SkeletonCLR on the joints of NW-UCLA, cross-view.
#   bash tools/dist_train.sh \
#       configs/skeletonclr/skeletonclr-joint_stgcn-slim_1xb64-100e_nwucla-xview.py 1
_base_ = [
    '../_base_/models/skeletonclr_stgcn-slim.py',
    '../_base_/datasets/nwucla_two-view.py',
    '../_base_/schedules/pretrain_300e.py',
    '../_base_/default_runtime.py',
]

model = dict(
    data_preprocessor=dict(layout='kinect-20'),
    backbone=dict(layout='kinect-20', dropout=0.0),
    bank_size=1024,
    momentum=0.99,  # a short training: the key encoders have to keep up
    temperature=0.1,
)
optim_wrapper = dict(optimizer=dict(lr=0.01))
train_cfg = dict(max_epochs=100)
param_scheduler = [
    dict(type='MultiStepLR', by_epoch=True, milestones=[80], gamma=0.1)
]
auto_scale_lr = dict(base_batch_size=64)
