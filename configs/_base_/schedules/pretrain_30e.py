# Pre-training on the synthetic set: 30 epochs in batches of 32.
_base_ = './pretrain_300e.py'

two_views = dict(batch_size=32)
optim_wrapper = dict(optimizer=dict(lr=0.005))
param_scheduler = [
    dict(type='MultiStepLR', by_epoch=True, milestones=[26], gamma=0.1)
]
train_cfg = dict(max_epochs=30)
auto_scale_lr = dict(base_batch_size=32)
