_base_ = './skeletonclr-joint_stgcn-slim_1xb128-300e_ntu60-xsub.py'

train_dataloader = dict(dataset=dict(split='xview_train'))
