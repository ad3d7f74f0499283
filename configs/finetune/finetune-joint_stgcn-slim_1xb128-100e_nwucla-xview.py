# Fine-tuning of the joint encoder on NW-UCLA, cross-view.
#   bash tools/dist_train.sh \
#       configs/finetune/finetune-joint_stgcn-slim_1xb128-100e_nwucla-xview.py 1
_base_ = [
    '../_base_/models/linear_stgcn-slim.py',
    '../_base_/datasets/nwucla_finetune.py',
    '../_base_/schedules/finetune_100e.py',
    '../_base_/default_runtime.py',
]

model = dict(
    data_preprocessor=dict(layout='kinect-20'),
    backbone=dict(layout='kinect-20', dropout=0.0),
    num_classes=10,
    frozen=False,
    pretrained='work_dirs/skeletonclr-joint_stgcn-slim_1xb64-100e_nwucla-xview/'
    'epoch_100.pth',
)
default_hooks = dict(
    checkpoint=dict(save_best='acc/top1', rule='greater', interval=-1)
)
