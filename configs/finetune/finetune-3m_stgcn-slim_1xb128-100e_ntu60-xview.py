_base_ = './finetune-3m_stgcn-slim_1xb128-100e_ntu60-xsub.py'

model = dict(
    pretrained='work_dirs/ikem-3m_stgcn-slim_1xb128-300e_ntu60-xview/'
    'epoch_300.pth'
)
train_dataloader = dict(dataset=dict(split='xview_train'))
val_dataloader = dict(dataset=dict(split='xview_val'))
test_dataloader = val_dataloader
