# AimCLR on joint, motion and bone of the synthetic set, cross-subject.
#   bash tools/dist_train.sh \
#       configs/aimclr/aimclr-3m_stgcn-slim-w8_1xb32-30e_synthetic-xsub.py 1
_base_ = [
    '../skeletonclr/skeletonclr-3m_stgcn-slim-w8_1xb32-30e_synthetic-xsub.py',
    '../_base_/methods/aimclr.py',
]

model = _base_.method
train_dataloader = dict(dataset=dict(pipeline=_base_.views))
