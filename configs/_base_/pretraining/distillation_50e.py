# Relational distillation on NW-UCLA.
_base_ = [
    '../models/distillation_stgcn-slim.py',
    '../schedules/pretrain_100e.py',
]

model = _base_.small
param_scheduler = [
    dict(type='MultiStepLR', by_epoch=True, milestones=[40], gamma=0.1)
]
train_cfg = dict(max_epochs=50)
