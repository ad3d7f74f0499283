_base_ = './skeletonclr-joint_stgcn-slim_1xb128-300e_ntu60-xsub.py'

model = dict(data_preprocessor=dict(modalities=['joint', 'motion', 'bone']))
