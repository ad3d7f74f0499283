# NTU RGB+D 120 for evaluation: clips as they are.
_base_ = './ntu60_single-view.py'

data_root = 'data/ntu120'
train_dataloader = dict(dataset=dict(data_root=data_root))
val_dataloader = dict(dataset=dict(data_root=data_root))
test_dataloader = dict(dataset=dict(data_root=data_root))
