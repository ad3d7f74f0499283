_base_ = './finetune-joint_stgcn-slim_1xb128-100e_ntu60-xsub.py'

model = dict(
    data_preprocessor=dict(modalities=['bone']),
    pretrained='work_dirs/skeletonclr-bone_stgcn-slim_1xb128-300e_ntu60-xsub/'
    'epoch_300.pth',
)
