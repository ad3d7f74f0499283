_base_ = './linear-3m_stgcn-slim-w8_1xb64-100e_synthetic-xsub.py'

model = dict(
    data_preprocessor=dict(modalities={{_base_.six_modalities}}),
    pretrained='work_dirs/ikem-6m_stgcn-slim-w8_1xb32-30e_synthetic-xsub/epoch_30.pth',
)
