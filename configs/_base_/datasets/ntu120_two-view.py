# NTU RGB+D 120 for contrastive learning: two augmented views a clip.
_base_ = './ntu60_two-view.py'

data_root = 'data/ntu120'
train_dataloader = dict(dataset=dict(data_root=data_root))
val_dataloader = dict(dataset=dict(data_root=data_root))
test_dataloader = val_dataloader
