# HYSP on joint, motion and bone of NTU RGB+D 60, cross-subject.
#   bash tools/dist_train.sh \
#       configs/hysp/hysp-3m_stgcn-slim_1xb128-300e_ntu60-xsub.py 1
# Published with encoders fifteen times as large (stgcn-wide), linear: joint 78.2,
# the three fused 79.1; motion and bone alone are not.
_base_ = [
    '../skeletonclr/skeletonclr-3m_stgcn-slim_1xb128-300e_ntu60-xsub.py',
    '../_base_/methods/hysp.py',
]

model = _base_.method
train_dataloader = dict(dataset=dict(pipeline=_base_.views))
optim_wrapper = dict(optimizer=dict(lr=0.05))
param_scheduler = []  # a constant learning rate
