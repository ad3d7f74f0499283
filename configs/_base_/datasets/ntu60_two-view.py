# NTU RGB+D 60 for contrastive learning: two augmented views a clip; clips as
# they are to evaluate it by nearest neighbours.
_base_ = ['./ntu60_single-view.py', '../evaluation/knn.py']

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
    drop_last=True,
    collate_fn=dict(type='stack_collate'),
    dataset=dict(pipeline=train_pipeline),
)
