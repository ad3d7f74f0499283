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
    dict(type='PackSkeleton'),
]
train_dataloader = dict(
    batch_size=64,
    drop_last=True,
    collate_fn=dict(type='stack_collate'),
    dataset=dict(pipeline=train_pipeline),
)
val_cfg = dict(gallery_split='xview_train')
test_cfg = val_cfg
