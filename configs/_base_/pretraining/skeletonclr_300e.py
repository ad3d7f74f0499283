# SkeletonCLR on NTU RGB+D.
_base_ = [
    '../models/skeletonclr_stgcn-slim.py',
    '../schedules/pretrain_300e.py',
]
