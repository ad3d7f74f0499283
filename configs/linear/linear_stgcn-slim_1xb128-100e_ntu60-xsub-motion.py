_base_ = './linear_stgcn-slim_1xb128-100e_ntu60-xsub-joint.py'

model = dict(
    data_preprocessor=dict(modalities=['motion']),
    pretrained='work_dirs/skeletonclr_stgcn-slim_1xb128-300e_ntu60-xsub-motion/'
    'epoch_300.pth',
)
