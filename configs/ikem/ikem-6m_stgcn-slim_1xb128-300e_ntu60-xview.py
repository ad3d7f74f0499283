_base_ = './ikem-6m_stgcn-slim_1xb128-300e_ntu60-xsub.py'

train_dataloader = dict(dataset=dict(split='xview_train'))
val_dataloader = dict(dataset=dict(split='xview_val'))
test_dataloader = val_dataloader
val_cfg = dict(gallery_split='xview_train')
test_cfg = val_cfg
