_base_ = './crossclr-3m_stgcn-slim-w8_1xb32-30e_synthetic-xsub.py'

model = dict(
    data_preprocessor=dict(modalities={{_base_.six_modalities}}),
    frozen_keys=['joint', 'bone', 'rotation_axis'],
)
