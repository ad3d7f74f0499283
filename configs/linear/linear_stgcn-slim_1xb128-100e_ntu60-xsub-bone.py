_base_ = './linear_stgcn-slim_1xb128-100e_ntu60-xsub-joint.py'

model = dict(
    data_preprocessor=dict(modalities=['bone']),
    pretrained='work_dirs/skeletonclr_stgcn-slim_1xb128-300e_ntu60-xsub-bone/'
    'epoch_300.pth',
)
