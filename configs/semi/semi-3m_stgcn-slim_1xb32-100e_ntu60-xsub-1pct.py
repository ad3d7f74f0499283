_base_ = './semi-3m_stgcn-slim_1xb32-100e_ntu60-xsub-10pct.py'

train_dataloader = dict(dataset=dict(split='xsub_train_1pct'))
