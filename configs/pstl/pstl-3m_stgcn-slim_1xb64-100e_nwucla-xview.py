# PSTL on joint, motion and bone of NW-UCLA, cross-view.
#   bash tools/dist_train.sh \
#       configs/pstl/pstl-3m_stgcn-slim_1xb64-100e_nwucla-xview.py 1
_base_ = [
    '../skeletonclr/skeletonclr-3m_stgcn-slim_1xb64-100e_nwucla-xview.py',
    '../_base_/methods/pstl.py',
]

model = _base_.small_method
train_dataloader = _base_.whole_clips
optim_wrapper = dict(optimizer=dict(_base_.adam, lr=2.5e-3))
# from 0 to the full learning rate, then down by a cosine
param_scheduler = [
    dict(type='LinearLR', start_factor=1e-12, begin=0, end=8),
    dict(type='CosineAnnealingLR', T_max=93, begin=7, end=100),
]
