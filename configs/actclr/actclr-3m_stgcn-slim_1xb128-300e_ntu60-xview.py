# ActCLR on joint, motion and bone of NTU RGB+D 60, cross-view, after AimCLR.
#   bash tools/dist_train.sh \
#       configs/actclr/actclr-3m_stgcn-slim_1xb128-300e_ntu60-xview.py 4
# Published, linear (lr 24, batch 1024): joint 86.7, motion 84.4, bone 85.0, the
# three by weights 88.8.
_base_ = [
    '../skeletonclr/skeletonclr-3m_stgcn-slim_1xb128-300e_ntu60-xview.py',
    '../_base_/methods/actclr.py',
]

model = _base_.method
train_dataloader = dict(dataset=dict(pipeline=_base_.views_300e))
load_from = (
    'work_dirs/aimclr-3m_stgcn-slim_1xb128-300e_ntu60-xview/epoch_300.pth'
)
