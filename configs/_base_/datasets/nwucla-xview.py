# NW-UCLA, cross-view.
_base_ = './loaders.py'

data_root = 'data/nwucla'
train_dataloader = dict(
    num_workers=2, dataset=dict(data_root=data_root, split='xview_train')
)
val_dataloader = test_dataloader = dict(
    num_workers=2, dataset=dict(data_root=data_root, split='xview_val')
)
encoder = dict(
    data_preprocessor=dict(layout='kinect-20'), backbone=dict(dropout=0.0)
)
classifier = dict(num_classes=10, **encoder)
test_pipeline = [
    dict(type='CenterJoint', layout='kinect-20'),
    dict(type='ResampleFrames', num_frames=50),
    dict(type='AlignShoulders', layout='kinect-20'),
    dict(type='PackSkeleton'),
]
