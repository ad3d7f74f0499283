# SkeletonCLR on the joints of NTU RGB+D 120, cross-subject.
#   bash tools/dist_train.sh \
#       configs/skeletonclr/skeletonclr-joint_stgcn-slim_1xb128-300e_ntu120-xsub.py 4
_base_ = [
    '../_base_/models/skeletonclr_stgcn-slim.py',
    '../_base_/datasets/ntu120_two-view.py',
    '../_base_/schedules/pretrain_300e.py',
    '../_base_/default_runtime.py',
]
