_base_ = './linear-3m_stgcn-slim_1xb128-100e_nwucla-xview-dedup.py'

model = dict(
    data_preprocessor=dict(modalities={{_base_.six_modalities}}),
    pretrained='work_dirs/ikem-6m_stgcn-slim_1xb64-100e_nwucla-xview/epoch_100.pth',
)
