_base_ = './ikem-3m_stgcn-slim_1xb64-100e_nwucla-xview.py'

train_dataloader = dict(dataset=dict(split='xsub_train'))
