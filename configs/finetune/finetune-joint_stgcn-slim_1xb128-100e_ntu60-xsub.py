# Fine-tuning of the joint encoder on NTU RGB+D 60, cross-subject.
#   bash tools/dist_train.sh \
#       configs/finetune/finetune-joint_stgcn-slim_1xb128-100e_ntu60-xsub.py 1
# Another checkpoint: --cfg-options model.pretrained=PATH.
_base_ = [
    '../_base_/models/linear_stgcn-slim.py',
    '../_base_/datasets/ntu60_finetune.py',
    '../_base_/schedules/finetune_100e.py',
    '../_base_/default_runtime.py',
]

model = dict(
    frozen=False,
    pretrained='work_dirs/skeletonclr-joint_stgcn-slim_1xb128-300e_ntu60-xsub/'
    'epoch_300.pth',
)
default_hooks = dict(
    checkpoint=dict(save_best='acc/top1', rule='greater', interval=-1)
)
