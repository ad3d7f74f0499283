# PSTL on joint, motion and bone of NTU RGB+D 60, cross-view.
#   bash tools/dist_train.sh \
#       configs/pstl/pstl-3m_stgcn-slim_1xb128-150e_ntu60-xview.py 1
# Published, linear: joint 81.8, the three fused 83.8; motion and bone alone are not.
# Three encoders are trained side by side on one view, augmented joints from which
# all modalities come. In the release each is trained alone on a view of its own
# stream, which --cfg-options model.stream_first=True model.attention=own does.
_base_ = [
    '../skeletonclr/skeletonclr-3m_stgcn-slim_1xb128-300e_ntu60-xview.py',
    '../_base_/methods/pstl.py',
]

model = _base_.method
train_dataloader = _base_.whole_clips
optim_wrapper = dict(optimizer=_base_.adam)
# from 0 to the full learning rate, then down by a cosine
param_scheduler = [
    dict(type='LinearLR', start_factor=1e-12, begin=0, end=11),
    dict(type='CosineAnnealingLR', T_max=140, begin=10, end=150),
]
train_cfg = dict(max_epochs=150)
