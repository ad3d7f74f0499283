# Relational distillation of all six modalities into joint, motion and bone,
# with slim ST-GCNs, on NTU's joints.
_base_ = './modalities.py'

model = dict(
    type='RelationalDistillation',
    data_preprocessor=dict(
        type='ModalityDataPreprocessor',
        modalities={{_base_.six_modalities}},
        layout='ntu-25',
    ),
    teacher=dict(
        modalities={{_base_.six_modalities}},
        backbone=dict(type='SlimSTGCN', layout='ntu-25'),
        neck=dict(
            type='MLPProjector',
            in_channels=256,
            hid_channels=256,
            out_channels=128,
        ),
    ),
    modalities=['joint', 'motion', 'bone'],
    backbone=dict(type='SlimSTGCN', layout='ntu-25'),
    neck=dict(
        type='MLPProjector',
        in_channels=256,
        hid_channels=768,
        out_channels=768,
    ),
    form='release',
    bank_size=32768,
    temperature=0.07,
)
