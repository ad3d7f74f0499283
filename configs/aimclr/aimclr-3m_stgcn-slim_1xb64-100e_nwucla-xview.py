# AimCLR on joint, motion and bone of NW-UCLA, cross-view.
#   bash tools/dist_train.sh \
#       configs/aimclr/aimclr-3m_stgcn-slim_1xb64-100e_nwucla-xview.py 1
_base_ = [
    '../skeletonclr/skeletonclr-3m_stgcn-slim_1xb64-100e_nwucla-xview.py',
    '../_base_/methods/aimclr.py',
]

model = _base_.method
train_dataloader = dict(dataset=dict(pipeline=_base_.views))
