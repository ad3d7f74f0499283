# HYSP on joint, motion and bone of NTU RGB+D 60, cross-view.
#   bash tools/dist_train.sh \
#       configs/hysp/hysp-3m_stgcn-slim_1xb128-300e_ntu60-xview.py 1
# Published with encoders fifteen times as large (stgcn-wide), linear: joint 82.6,
# the three fused 85.2; motion and bone alone are not.
_base_ = [
    '../skeletonclr/skeletonclr-3m_stgcn-slim_1xb128-300e_ntu60-xview.py',
    '../_base_/methods/hysp.py',
]

model = _base_.method
train_dataloader = dict(dataset=dict(pipeline=_base_.views))
optim_wrapper = dict(optimizer=dict(lr=0.05))
param_scheduler = []  # a constant learning rate
