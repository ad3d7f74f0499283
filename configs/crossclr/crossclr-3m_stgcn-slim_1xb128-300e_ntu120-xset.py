_base_ = './crossclr-3m_stgcn-slim_1xb128-300e_ntu120-xsub.py'

train_dataloader = dict(dataset=dict(split='xset_train'))
val_dataloader = dict(dataset=dict(split='xset_val'))
test_dataloader = val_dataloader
val_cfg = dict(gallery_split='xset_train')
test_cfg = val_cfg
