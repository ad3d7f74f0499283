_base_ = './skeletonclr_stgcn-slim_1xb128-300e_ntu120-xset-joint.py'

model = dict(data_preprocessor=dict(modalities=['joint', 'motion', 'bone']))
