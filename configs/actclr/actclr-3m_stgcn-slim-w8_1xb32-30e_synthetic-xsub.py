# ActCLR on joint, motion and bone of the synthetic set, cross-subject, after AimCLR.
#   bash tools/dist_train.sh \
#       configs/actclr/actclr-3m_stgcn-slim-w8_1xb32-30e_synthetic-xsub.py 1
_base_ = [
    '../skeletonclr/skeletonclr-3m_stgcn-slim-w8_1xb32-30e_synthetic-xsub.py',
    '../_base_/methods/actclr.py',
]

model = dict(_base_.method, **_base_.small_set)
train_dataloader = dict(dataset=dict(pipeline=_base_.views_30e))
load_from = (
    'work_dirs/aimclr-3m_stgcn-slim-w8_1xb32-30e_synthetic-xsub/epoch_30.pth'
)
