# Fine-tuning of encoders and heads: SGD, 100 epochs, learning rate 0.1, x0.1
# after 80.
optim_wrapper = dict(
    type='OptimWrapper',
    optimizer=dict(type='SGD', lr=0.1, momentum=0.9, weight_decay=1e-4),
)
param_scheduler = [
    dict(type='MultiStepLR', by_epoch=True, milestones=[80], gamma=0.1)
]
train_cfg = dict(type='EpochBasedTrainLoop', max_epochs=100)
val_cfg = dict(type='ValLoop')
test_cfg = dict(type='TestLoop')
# as in linear_100e.py
val_evaluator = dict(type='AccMetric', collect_device='gpu')
test_evaluator = val_evaluator
auto_scale_lr = dict(enable=False, base_batch_size=128)
