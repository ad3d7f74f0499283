_base_ = './semi-3m_stgcn-slim_1xb32-100e_ntu60-xsub-1pct.py'

model = dict(
    pretrained='work_dirs/ikem-3m_stgcn-slim_1xb128-300e_ntu60-xview/'
    'epoch_300.pth'
)
train_dataloader = dict(dataset=dict(split='xview_train_1pct'))
val_dataloader = dict(dataset=dict(split='xview_val'))
test_dataloader = val_dataloader
