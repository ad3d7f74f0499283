# Transfer from NTU RGB+D 60 to the synthetic set: linear evaluation of the
# encoders. Clips of any number of frames go through them.
#   bash tools/dist_train.sh \
#       configs/transfer/transfer-3m-ntu60-linear_stgcn-slim_1xb128-100e_synthetic-xsub.py 1
_base_ = [
    '../_base_/evaluation/linear_100e.py',
    '../_base_/datasets/synthetic-xsub.py',
]

model = dict(
    num_classes=_base_.classifier.num_classes,
    pretrained='work_dirs/ikem-3m_stgcn-slim_1xb128-300e_ntu60-xsub/epoch_300.pth',
)
train_dataloader = dict(batch_size=128)
