# NTU RGB+D 120 for fine-tuning.
_base_ = './ntu60_finetune.py'

data_root = 'data/ntu120'
train_dataloader = dict(dataset=dict(data_root=data_root))
val_dataloader = dict(dataset=dict(data_root=data_root))
test_dataloader = dict(dataset=dict(data_root=data_root))
