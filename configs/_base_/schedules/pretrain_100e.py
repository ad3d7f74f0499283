# Pre-training on NW-UCLA: 100 epochs in batches of 64.
_base_ = './pretrain_300e.py'

two_views = dict(batch_size=64)
optim_wrapper = dict(optimizer=dict(lr=0.01))
param_scheduler = [
    dict(type='MultiStepLR', by_epoch=True, milestones=[80], gamma=0.1)
]
train_cfg = dict(max_epochs=100)
auto_scale_lr = dict(base_batch_size=64)
