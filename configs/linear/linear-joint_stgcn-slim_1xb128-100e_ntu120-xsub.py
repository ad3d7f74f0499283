# Linear evaluation of the joint encoder on NTU RGB+D 120, cross-subject.
#   bash tools/dist_train.sh \
#       configs/linear/linear-joint_stgcn-slim_1xb128-100e_ntu120-xsub.py 1
_base_ = [
    '../_base_/models/linear_stgcn-slim.py',
    '../_base_/datasets/ntu120_single-view.py',
    '../_base_/schedules/linear_100e.py',
    '../_base_/default_runtime.py',
]

model = dict(
    num_classes=120,
    pretrained='work_dirs/skeletonclr-joint_stgcn-slim_1xb128-300e_ntu120-xsub/'
    'epoch_300.pth',
)
default_hooks = dict(
    checkpoint=dict(save_best='acc/top1', rule='greater', interval=-1)
)
