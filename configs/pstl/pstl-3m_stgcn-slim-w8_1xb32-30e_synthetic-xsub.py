# PSTL on joint, motion and bone of the synthetic set, cross-subject.
#   bash tools/dist_train.sh \
#       configs/pstl/pstl-3m_stgcn-slim-w8_1xb32-30e_synthetic-xsub.py 1
_base_ = [
    '../skeletonclr/skeletonclr-3m_stgcn-slim-w8_1xb32-30e_synthetic-xsub.py',
    '../_base_/methods/pstl.py',
]

# of 25 frames
model = dict(_base_.small_method, masked_frames=5)
train_dataloader = _base_.whole_clips
optim_wrapper = dict(optimizer=dict(_base_.adam, lr=1.25e-3))
# from 0 to the full learning rate, then down by a cosine
param_scheduler = [
    dict(type='LinearLR', start_factor=1e-12, begin=0, end=3),
    dict(type='CosineAnnealingLR', T_max=28, begin=2, end=30),
]
