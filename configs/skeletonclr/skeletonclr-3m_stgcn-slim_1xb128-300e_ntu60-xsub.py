# SkeletonCLR on joint, motion and bone of NTU RGB+D 60, cross-subject.
#   bash tools/dist_train.sh \
#       configs/skeletonclr/skeletonclr-3m_stgcn-slim_1xb128-300e_ntu60-xsub.py 4
_base_ = [
    '../_base_/pretraining/skeletonclr_300e.py',
    '../_base_/datasets/ntu60-xsub.py',
]

train_dataloader = _base_.two_views
