# Transfer from NTU RGB+D 60 to the synthetic set: linear evaluation of the
# encoders. Clips of any number of frames go through them.
#   bash tools/dist_train.sh \
#       configs/transfer/transfer-3m-ntu60-linear_stgcn-slim_1xb128-100e_synthetic-xsub.py 1
_base_ = '../linear/linear-3m_stgcn-slim_1xb128-100e_ntu60-xsub.py'

model = dict(num_classes=17)
data_root = 'data/synthetic/prepared'
train_dataloader = dict(dataset=dict(data_root=data_root))
val_dataloader = dict(dataset=dict(data_root=data_root))
test_dataloader = val_dataloader
