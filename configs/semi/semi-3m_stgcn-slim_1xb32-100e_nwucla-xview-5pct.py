_base_ = './semi-3m_stgcn-slim_1xb32-100e_nwucla-xview-10pct.py'

train_dataloader = dict(dataset=dict(split='xview_train_5pct'))
