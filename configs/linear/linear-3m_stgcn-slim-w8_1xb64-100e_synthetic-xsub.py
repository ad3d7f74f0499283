# Linear evaluation of IKEM's three encoders on the synthetic set,
# cross-subject, each alone and fused.
#   bash tools/dist_train.sh \
#       configs/linear/linear-3m_stgcn-slim-w8_1xb64-100e_synthetic-xsub.py 1
_base_ = [
    '../_base_/evaluation/linear_100e.py',
    '../_base_/datasets/synthetic-xsub.py',
]

model = dict(
    pretrained='work_dirs/ikem-3m_stgcn-slim-w8_1xb32-30e_synthetic-xsub/epoch_30.pth',
    **_base_.classifier,
)
auto_scale_lr = dict(base_batch_size=64)
