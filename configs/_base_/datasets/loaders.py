# Loaders of clips as they are; each data set and split says its own.
train_dataloader = dict(
    batch_size=128,
    num_workers=4,
    persistent_workers=True,
    sampler=dict(type='DefaultSampler', shuffle=True),
    dataset=dict(type='SkeletonDataset', pipeline=[dict(type='PackSkeleton')]),
)
val_dataloader = dict(
    batch_size=128,
    num_workers=4,
    persistent_workers=True,
    sampler=dict(type='DefaultSampler', shuffle=False),
    dataset=dict(
        type='SkeletonDataset',
        pipeline=[dict(type='PackSkeleton')],
        test_mode=True,
    ),
)
test_dataloader = val_dataloader
