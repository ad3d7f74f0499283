_base_ = './linear-3m_stgcn-slim-w8_1xb64-100e_synthetic-xsub.py'

model = dict(
    pretrained='work_dirs/ikem-3m_stgcn-slim-w8_1xb32-30e_synthetic-xview/epoch_30.pth'
)
train_dataloader = dict(dataset=dict(split='xview_train'))
val_dataloader = dict(dataset=dict(split='xview_val'))
test_dataloader = val_dataloader
