_base_ = './linear_stgcn-slim_1xb128-100e_ntu120-xsub-joint.py'

model = dict(
    pretrained='work_dirs/skeletonclr_stgcn-slim_1xb128-300e_ntu120-xset-joint/'
    'epoch_300.pth'
)
train_dataloader = dict(dataset=dict(split='xset_train'))
val_dataloader = dict(dataset=dict(split='xset_val'))
test_dataloader = val_dataloader
