# IKEM on joint, motion and bone of the synthetic set, cross-subject.
#   bash tools/dist_train.sh \
#       configs/ikem/ikem-3m_stgcn-slim-w8_1xb32-30e_synthetic-xsub.py 1
_base_ = [
    '../_base_/pretraining/ikem_30e.py',
    '../_base_/datasets/synthetic-xsub.py',
]

model = _base_.encoder
train_dataloader = _base_.two_views
