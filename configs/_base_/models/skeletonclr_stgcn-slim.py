# SkeletonCLR with the slim ST-GCN of the CrosSCLR family, on NTU's joints.
_base_ = './modalities.py'

model = dict(
    type='SkeletonCLR',
    data_preprocessor=dict(
        type='ModalityDataPreprocessor', modalities=['joint'], layout='ntu-25'
    ),
    backbone=dict(type='SlimSTGCN', layout='ntu-25'),
    neck=dict(
        type='MLPProjector',
        in_channels=256,
        hid_channels=256,
        out_channels=128,
    ),
    bank_size=32768,
    momentum=0.999,
    temperature=0.07,
)
