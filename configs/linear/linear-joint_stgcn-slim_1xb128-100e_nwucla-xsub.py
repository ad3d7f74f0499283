_base_ = './linear-joint_stgcn-slim_1xb128-100e_nwucla-xview.py'

model = dict(
    pretrained='work_dirs/skeletonclr-joint_stgcn-slim_1xb64-100e_nwucla-xsub/'
    'epoch_100.pth'
)
train_dataloader = dict(dataset=dict(split='xsub_train'))
val_dataloader = dict(dataset=dict(split='xsub_val'))
test_dataloader = val_dataloader
