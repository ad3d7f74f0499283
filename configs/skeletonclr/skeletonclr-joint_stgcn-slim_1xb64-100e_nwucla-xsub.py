_base_ = './skeletonclr-joint_stgcn-slim_1xb64-100e_nwucla-xview.py'

train_dataloader = dict(dataset=dict(split='xsub_train'))
val_dataloader = dict(dataset=dict(split='xsub_val'))
test_dataloader = val_dataloader
val_cfg = dict(gallery_split='xsub_train')
test_cfg = val_cfg
