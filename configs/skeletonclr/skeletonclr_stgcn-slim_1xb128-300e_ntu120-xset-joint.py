_base_ = './skeletonclr_stgcn-slim_1xb128-300e_ntu120-xsub-joint.py'

train_dataloader = dict(dataset=dict(split='xset_train'))
