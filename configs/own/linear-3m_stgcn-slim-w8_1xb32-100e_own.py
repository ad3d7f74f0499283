# Linear evaluation of IKEM's three encoders on a small set of your own, each
# alone and fused, a base to inherit: set data_root, the layout, num_classes
# and pretrained.
#   bash tools/dist_train.sh \
#       configs/own/linear-3m_stgcn-slim-w8_1xb32-100e_own.py 1
_base_ = ['../_base_/evaluation/linear_100e.py', '../_base_/datasets/own.py']

model = dict(
    pretrained='work_dirs/ikem-3m_stgcn-slim-w8_1xb32-60e_own/epoch_60.pth',
    **_base_.classifier,
)
auto_scale_lr = dict(base_batch_size=32)
