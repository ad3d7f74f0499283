# Linear evaluation: SGD without weight decay, 100 epochs, learning rate 3.0,
# x0.1 after 80. Features are extracted once; set train_cfg.type to
# 'EpochBasedTrainLoop' for the ordinary loop, which takes far longer.
_base_ = ['../models/classifier_stgcn-slim.py', '../default_runtime.py']

optim_wrapper = dict(
    type='OptimWrapper', optimizer=dict(type='SGD', lr=3.0, momentum=0.9)
)
param_scheduler = [
    dict(type='MultiStepLR', by_epoch=True, milestones=[80], gamma=0.1)
]
train_cfg = dict(type='FrozenFeatureTrainLoop', max_epochs=100)
val_cfg = dict(type='ValLoop')
test_cfg = dict(type='TestLoop')
# 'gpu' means collecting through torch.distributed (gloo on CPUs): nothing is
# left in the current folder
val_evaluator = dict(type='AccMetric', collect_device='gpu')
test_evaluator = val_evaluator
default_hooks = dict(
    checkpoint=dict(save_best='acc/fused_top1', rule='greater', interval=-1)
)
auto_scale_lr = dict(enable=False, base_batch_size=128)
