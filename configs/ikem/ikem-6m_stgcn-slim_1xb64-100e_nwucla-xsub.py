_base_ = './ikem-6m_stgcn-slim_1xb64-100e_nwucla-xview.py'

train_dataloader = dict(dataset=dict(split='xsub_train'))
