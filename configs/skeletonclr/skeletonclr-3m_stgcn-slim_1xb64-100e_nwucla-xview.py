# SkeletonCLR on joint, motion and bone of NW-UCLA, cross-view.
#   bash tools/dist_train.sh \
#       configs/skeletonclr/skeletonclr-3m_stgcn-slim_1xb64-100e_nwucla-xview.py 1
_base_ = [
    '../_base_/pretraining/skeletonclr_100e.py',
    '../_base_/datasets/nwucla-xview.py',
]

model = _base_.encoder
train_dataloader = _base_.two_views
