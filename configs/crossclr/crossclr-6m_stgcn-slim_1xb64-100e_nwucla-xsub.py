_base_ = './crossclr-3m_stgcn-slim_1xb64-100e_nwucla-xsub.py'

model = dict(
    data_preprocessor=dict(modalities={{_base_.six_modalities}}),
    frozen_keys=['joint', 'bone', 'rotation_axis'],
)
