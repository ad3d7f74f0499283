_base_ = './skeletonclr-3m_stgcn-slim-w8_1xb32-30e_synthetic-xsub.py'

train_dataloader = dict(dataset=dict(split='xview_train'))
