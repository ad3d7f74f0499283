_base_ = './skeletonclr-joint_stgcn-slim_1xb64-100e_nwucla-xsub.py'

model = dict(data_preprocessor=dict(modalities=['joint', 'motion', 'bone']))
