# The synthetic set for fine-tuning.
_base_ = './ntu60_finetune.py'

data_root = 'data/synthetic/prepared'
train_dataloader = dict(dataset=dict(data_root=data_root))
val_dataloader = dict(dataset=dict(data_root=data_root))
test_dataloader = dict(dataset=dict(data_root=data_root))
