_base_ = './skeletonclr_stgcn-slim_1xb64-100e_nwucla-xview-joint.py'

train_dataloader = dict(dataset=dict(split='xsub_train'))
