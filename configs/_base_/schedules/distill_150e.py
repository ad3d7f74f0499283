# Distillation: SGD, 150 epochs, learning rate x0.1 after 125.
_base_ = './pretrain_300e.py'

param_scheduler = [
    dict(type='MultiStepLR', by_epoch=True, milestones=[125], gamma=0.1)
]
train_cfg = dict(max_epochs=150)
