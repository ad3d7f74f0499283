# NW-UCLA for evaluation: clips as they are, one person.
_base_ = './ntu60_single-view.py'

pipeline = [
    dict(type='FormatGCNInput', num_person=1),
    dict(
        type='PackActionInputs',
        meta_keys=('frame_dir',),
        algorithm_keys=('time_scale',),
    ),
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
