# Fine-tuning of IKEM's three encoders on a small set of your own, a base to
# inherit: set data_root, the layout, num_classes and pretrained.
#   bash tools/dist_train.sh \
#       configs/own/finetune-3m_stgcn-slim-w8_1xb32-40e_own.py 1
_base_ = ['../_base_/evaluation/finetune_100e.py', '../_base_/datasets/own.py']

model = dict(
    pretrained='work_dirs/ikem-3m_stgcn-slim-w8_1xb64-60e_own/epoch_60.pth',
    **_base_.classifier,
)
train_dataloader = _base_.one_view
param_scheduler = [
    dict(type='MultiStepLR', by_epoch=True, milestones=[32], gamma=0.1)
]
train_cfg = dict(max_epochs=40)
auto_scale_lr = dict(base_batch_size=32)
