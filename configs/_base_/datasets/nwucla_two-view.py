# NW-UCLA for contrastive learning: two augmented views a clip, one person.
_base_ = ['./nwucla_single-view.py', '../evaluation/knn.py']

train_pipeline = [
    dict(
        type='MultiView',
        num_views=2,
        transforms=[
            dict(type='RandomTemporalCrop', ratio=6),
            dict(type='RandomShear', amplitude=0.5),
        ],
    ),
    dict(type='FormatGCNInput', num_person=1),
    dict(
        type='PackActionInputs',
        meta_keys=('frame_dir',),
        algorithm_keys=('time_scale',),
    ),
]
train_dataloader = dict(
    batch_size=64,
    drop_last=True,
    collate_fn=dict(type='stack_collate'),
    dataset=dict(pipeline=train_pipeline),
)
val_cfg = dict(gallery_split='xview_train')
test_cfg = val_cfg
