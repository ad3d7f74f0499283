# ActCLR on joint, motion and bone of NTU RGB+D 60, cross-subject, after AimCLR.
#   bash tools/dist_train.sh \
#       configs/actclr/actclr-3m_stgcn-slim_1xb128-300e_ntu60-xsub.py 4
# Published, linear (lr 24, batch 1024): joint 80.9, motion 78.6, bone 80.1, the
# three by weights 84.3.
_base_ = [
    '../skeletonclr/skeletonclr-3m_stgcn-slim_1xb128-300e_ntu60-xsub.py',
    '../_base_/methods/actclr.py',
]

model = _base_.method
train_dataloader = dict(dataset=dict(pipeline=_base_.views_300e))
load_from = (
    'work_dirs/aimclr-3m_stgcn-slim_1xb128-300e_ntu60-xsub/epoch_300.pth'
)
