_base_ = './crossclr-3m_stgcn-slim_1xb64-100e_nwucla-xview.py'

train_dataloader = dict(dataset=dict(split='xsub_train'))
