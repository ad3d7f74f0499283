_base_ = './linear_stgcn-slim_1xb128-100e_nwucla-xview-joint.py'

model = dict(
    pretrained='work_dirs/skeletonclr_stgcn-slim_1xb64-100e_nwucla-xsub-joint/'
    'epoch_100.pth'
)
train_dataloader = dict(dataset=dict(split='xsub_train'))
val_dataloader = dict(dataset=dict(split='xsub_val'))
test_dataloader = val_dataloader
