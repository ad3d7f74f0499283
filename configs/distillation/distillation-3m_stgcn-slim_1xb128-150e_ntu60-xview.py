_base_ = './distillation-3m_stgcn-slim_1xb128-150e_ntu60-xsub.py'

model = dict(
    teacher=dict(
        pretrained='work_dirs/ikem-6m_stgcn-slim_1xb128-300e_ntu60-xview/epoch_300.pth'
    )
)
train_dataloader = dict(dataset=dict(split='xview_train'))
val_dataloader = dict(dataset=dict(split='xview_val'))
test_dataloader = val_dataloader
val_cfg = dict(gallery_split='xview_train')
test_cfg = val_cfg
