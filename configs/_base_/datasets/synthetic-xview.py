# The synthetic set, cross-view.
_base_ = './synthetic-xsub.py'

train_dataloader = dict(dataset=dict(split='xview_train'))
val_dataloader = test_dataloader = dict(dataset=dict(split='xview_val'))
