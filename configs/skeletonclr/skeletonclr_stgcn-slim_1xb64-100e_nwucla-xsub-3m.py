_base_ = './skeletonclr_stgcn-slim_1xb64-100e_nwucla-xsub-joint.py'

model = dict(data_preprocessor=dict(modalities=['joint', 'motion', 'bone']))
