# Relational distillation of all six modalities into joint, motion and bone,
# with slim ST-GCNs, on NTU's joints.
_base_ = './modalities.py'

model = dict(
    type='RelationalDistillation',
    data_preprocessor=dict(
        type='ModalityDataPreprocessor',
        modalities=_base_.six_modalities,
        layout='ntu-25',
    ),
    teacher=dict(
        modalities=_base_.six_modalities,
        neck=dict(type='MLPProjector', hid_channels=256, out_channels=128),
    ),
    modalities=['joint', 'motion', 'bone'],
    backbone=dict(type='SlimSTGCN'),
    neck=dict(type='MLPProjector'),
    form='release',
    bank_size=32768,
    temperature=0.07,
)
# for small sets
small = dict(bank_size=1024, temperature=0.1)
