# IKEM on joint, motion and bone of a small set of your own, a base to inherit:
# set data_root, the layout and a bank below the size of the set.
#   bash tools/dist_train.sh configs/own/ikem-3m_stgcn-slim-w8_1xb32-60e_own.py 1
_base_ = ['../_base_/pretraining/ikem_30e.py', '../_base_/datasets/own.py']

model = dict(bank_size=256, **_base_.encoder)
train_dataloader = _base_.two_views
param_scheduler = [
    dict(type='MultiStepLR', by_epoch=True, milestones=[50], gamma=0.1)
]
train_cfg = dict(max_epochs=60)
