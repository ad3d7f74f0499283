_base_ = './linear-3m_stgcn-slim_1xb128-100e_nwucla-xview.py'

val_dataloader = dict(dataset=dict(split='xview_dedup_val'))
test_dataloader = val_dataloader
