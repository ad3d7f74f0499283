# SkeletonCLR with the slim ST-GCN of the CrosSCLR family, on joint, motion and
# bone of NTU's joints.
_base_ = './modalities.py'

model = dict(
    type='SkeletonCLR',
    data_preprocessor=dict(
        type='ModalityDataPreprocessor',
        modalities=['joint', 'motion', 'bone'],
        layout='ntu-25',
    ),
    backbone=dict(type='SlimSTGCN'),
    neck=dict(type='MLPProjector', hid_channels=256, out_channels=128),
    bank_size=32768,
    momentum=0.999,
    temperature=0.07,
)
# for small sets: in a short training the key encoders have to keep up
small = dict(bank_size=1024, momentum=0.99, temperature=0.1)
