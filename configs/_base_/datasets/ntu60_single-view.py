# NTU RGB+D 60 for evaluation: clips as they are.
pipeline = [
    dict(type='PackSkeleton'),
]
train_dataloader = dict(
    batch_size=128,
    num_workers=4,
    persistent_workers=True,
    sampler=dict(type='DefaultSampler', shuffle=True),
    dataset=dict(
        type='SkeletonDataset',
        data_root='data/ntu60',
        split='xsub_train',
        pipeline=pipeline,
    ),
)
val_dataloader = dict(
    batch_size=128,
    num_workers=4,
    persistent_workers=True,
    sampler=dict(type='DefaultSampler', shuffle=False),
    dataset=dict(
        type='SkeletonDataset',
        data_root='data/ntu60',
        split='xsub_val',
        pipeline=pipeline,
        test_mode=True,
    ),
)
test_dataloader = val_dataloader
