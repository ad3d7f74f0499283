# NTU RGB+D 120, cross-setup.
_base_ = './ntu120-xsub.py'

train_dataloader = dict(dataset=dict(split='xset_train'))
val_dataloader = test_dataloader = dict(dataset=dict(split='xset_val'))
