# NW-UCLA, cross-subject.
_base_ = './nwucla-xview.py'

train_dataloader = dict(dataset=dict(split='xsub_train'))
val_dataloader = test_dataloader = dict(dataset=dict(split='xsub_val'))
