_base_ = './skeletonclr-3m_stgcn-slim_1xb64-100e_nwucla-xsub.py'

model = dict(
    data_preprocessor=dict(modalities={{_base_.six_modalities}}),
)
