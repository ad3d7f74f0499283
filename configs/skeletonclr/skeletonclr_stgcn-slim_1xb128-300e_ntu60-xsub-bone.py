_base_ = './skeletonclr_stgcn-slim_1xb128-300e_ntu60-xsub-joint.py'

model = dict(data_preprocessor=dict(modalities=['bone']))
