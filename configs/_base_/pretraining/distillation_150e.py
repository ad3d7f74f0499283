# Relational distillation on NTU RGB+D.
_base_ = [
    '../models/distillation_stgcn-slim.py',
    '../schedules/pretrain_300e.py',
]

param_scheduler = [
    dict(type='MultiStepLR', by_epoch=True, milestones=[125], gamma=0.1)
]
train_cfg = dict(max_epochs=150)
