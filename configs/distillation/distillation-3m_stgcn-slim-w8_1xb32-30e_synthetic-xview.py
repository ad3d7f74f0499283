_base_ = './distillation-3m_stgcn-slim-w8_1xb32-30e_synthetic-xsub.py'

model = dict(
    teacher=dict(
        pretrained='work_dirs/ikem-6m_stgcn-slim-w8_1xb32-30e_synthetic-xview/epoch_30.pth'
    )
)
train_dataloader = dict(dataset=dict(split='xview_train'))
val_dataloader = dict(dataset=dict(split='xview_val'))
test_dataloader = val_dataloader
val_cfg = dict(gallery_split='xview_train')
test_cfg = val_cfg
