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
# of raw clips, for mmaction.apis.inference_recognizer
test_pipeline = [
    dict(type='CenterJoint', layout='ntu-25'),
    dict(type='ResampleFrames', num_frames=50),
    dict(type='AlignShoulders', layout='ntu-25'),
    dict(type='PackSkeleton'),
]
