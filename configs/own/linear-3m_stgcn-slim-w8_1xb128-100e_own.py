# Linear evaluation of IKEM's three encoders on a small set of your own, each
# alone and fused, a base to inherit: set data_root, the layout, num_classes
# and pretrained. The learning rate is the paper's; 3.0, the released code's, is
# high for some hundred labels.
#   bash tools/dist_train.sh \
#       configs/own/linear-3m_stgcn-slim-w8_1xb128-100e_own.py 1
_base_ = ['../_base_/evaluation/linear_100e.py', '../_base_/datasets/own.py']

model = dict(
    pretrained='work_dirs/ikem-3m_stgcn-slim-w8_1xb64-60e_own/epoch_60.pth',
    **_base_.classifier,
)
train_dataloader = dict(batch_size=128)
optim_wrapper = dict(optimizer=dict(lr=0.1))
