# ActCLR on joint, motion and bone of NW-UCLA, cross-view, after AimCLR.
#   bash tools/dist_train.sh \
#       configs/actclr/actclr-3m_stgcn-slim_1xb64-100e_nwucla-xview.py 1
_base_ = [
    '../skeletonclr/skeletonclr-3m_stgcn-slim_1xb64-100e_nwucla-xview.py',
    '../_base_/methods/actclr.py',
]

model = dict(_base_.method, **_base_.small_set)
train_dataloader = dict(dataset=dict(pipeline=_base_.views_100e))
load_from = (
    'work_dirs/aimclr-3m_stgcn-slim_1xb64-100e_nwucla-xview/epoch_100.pth'
)
