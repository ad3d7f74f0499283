# HYSP on joint, motion and bone of the synthetic set, cross-subject.
#   bash tools/dist_train.sh \
#       configs/hysp/hysp-3m_stgcn-slim-w8_1xb32-30e_synthetic-xsub.py 1
_base_ = [
    '../skeletonclr/skeletonclr-3m_stgcn-slim-w8_1xb32-30e_synthetic-xsub.py',
    '../_base_/methods/hysp.py',
]

model = _base_.small_method
train_dataloader = dict(dataset=dict(pipeline=_base_.small_views))
optim_wrapper = dict(optimizer=dict(lr=0.0125))
param_scheduler = []  # a constant learning rate
