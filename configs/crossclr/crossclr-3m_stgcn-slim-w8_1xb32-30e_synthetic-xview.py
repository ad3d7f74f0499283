_base_ = './crossclr-3m_stgcn-slim-w8_1xb32-30e_synthetic-xsub.py'

train_dataloader = dict(dataset=dict(split='xview_train'))
val_dataloader = dict(dataset=dict(split='xview_val'))
test_dataloader = val_dataloader
val_cfg = dict(gallery_split='xview_train')
test_cfg = val_cfg
