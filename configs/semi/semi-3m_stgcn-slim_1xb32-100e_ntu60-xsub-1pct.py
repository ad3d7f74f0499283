# Semi-supervised with 1 % of the labels on NTU RGB+D 60, cross-subject.
#   bash tools/dist_train.sh \
#       configs/semi/semi-3m_stgcn-slim_1xb32-100e_ntu60-xsub-1pct.py 1
_base_ = './semi-3m_stgcn-slim_1xb32-100e_ntu60-xsub-10pct.py'

train_dataloader = dict(dataset=dict(split='xsub_train_1pct'))
