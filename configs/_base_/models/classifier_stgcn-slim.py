# Linear classifiers on frozen encoders of joint, motion and bone, on NTU's
# joints.
_base_ = './modalities.py'

model = dict(
    type='SkeletonClassifier',
    data_preprocessor=dict(
        type='ModalityDataPreprocessor',
        modalities=['joint', 'motion', 'bone'],
        layout='ntu-25',
    ),
    backbone=dict(type='SlimSTGCN'),
    frozen=True,
)
