_base_ = './distillation-3m_stgcn-slim_1xb64-50e_nwucla-xview.py'

model = dict(
    teacher=dict(
        pretrained='work_dirs/ikem-6m_stgcn-slim_1xb64-100e_nwucla-xsub/epoch_100.pth'
    )
)
train_dataloader = dict(dataset=dict(split='xsub_train'))
val_dataloader = dict(dataset=dict(split='xsub_val'))
test_dataloader = val_dataloader
val_cfg = dict(gallery_split='xsub_train')
test_cfg = val_cfg
