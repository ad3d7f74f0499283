# The synthetic set, cross-subject, for slim encoders on two CPU cores.
_base_ = './loaders.py'

data_root = 'data/synthetic/prepared'
train_dataloader = dict(
    batch_size=64,
    num_workers=0,
    persistent_workers=False,
    dataset=dict(data_root=data_root, split='xsub_train'),
)
val_dataloader = test_dataloader = dict(
    num_workers=0,
    persistent_workers=False,
    dataset=dict(data_root=data_root, split='xsub_val'),
)
encoder = dict(backbone=dict(base_channels=8, out_channels=64, dropout=0.0))
classifier = dict(num_classes=17, **encoder)
test_pipeline = [
    dict(type='CenterJoint', layout='ntu-25'),
    dict(type='ResampleFrames', num_frames=25),
    dict(type='AlignShoulders', layout='ntu-25'),
    dict(type='PackSkeleton'),
]
