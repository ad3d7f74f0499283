# NTU RGB+D 60 for contrastive learning: two augmented views a clip.
train_pipeline = [
    dict(
        type='MultiView',
        num_views=2,
        transforms=[
            dict(type='RandomTemporalCrop', ratio=6),
            dict(type='RandomShear', amplitude=0.5),
        ],
    ),
    dict(type='FormatGCNInput', num_person=2),
    dict(
        type='PackActionInputs',
        meta_keys=('frame_dir',),
        algorithm_keys=('time_scale',),
    ),
]
train_dataloader = dict(
    batch_size=128,
    num_workers=4,
    persistent_workers=True,
    drop_last=True,
    sampler=dict(type='DefaultSampler', shuffle=True),
    dataset=dict(
        type='SkeletonDataset',
        data_root='data/ntu60',
        split='xsub_train',
        pipeline=train_pipeline,
    ),
)
