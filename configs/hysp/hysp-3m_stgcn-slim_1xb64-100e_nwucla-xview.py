# HYSP on joint, motion and bone of NW-UCLA, cross-view.
#   bash tools/dist_train.sh \
#       configs/hysp/hysp-3m_stgcn-slim_1xb64-100e_nwucla-xview.py 1
_base_ = [
    '../skeletonclr/skeletonclr-3m_stgcn-slim_1xb64-100e_nwucla-xview.py',
    '../_base_/methods/hysp.py',
]

model = _base_.small_method
train_dataloader = dict(dataset=dict(pipeline=_base_.small_views))
optim_wrapper = dict(optimizer=dict(lr=0.025))
param_scheduler = []  # a constant learning rate
