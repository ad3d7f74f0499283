# NW-UCLA for evaluation: clips as they are, one person.
_base_ = './ntu60_single-view.py'

pipeline = [
    dict(type='PackSkeleton'),
]
data_root = 'data/nwucla'
train_dataloader = dict(
    num_workers=2,
    dataset=dict(data_root=data_root, split='xview_train', pipeline=pipeline),
)
val_dataloader = dict(
    num_workers=2,
    dataset=dict(data_root=data_root, split='xview_val', pipeline=pipeline),
)
test_dataloader = val_dataloader
