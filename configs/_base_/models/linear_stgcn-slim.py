# Linear classifiers on frozen encoders, on NTU's joints.
_base_ = './modalities.py'

model = dict(
    type='SkeletonClassifier',
    data_preprocessor=dict(
        type='ModalityDataPreprocessor', modalities=['joint'], layout='ntu-25'
    ),
    backbone=dict(type='SlimSTGCN', layout='ntu-25'),
    in_channels=256,
    num_classes=60,
    frozen=True,
)
