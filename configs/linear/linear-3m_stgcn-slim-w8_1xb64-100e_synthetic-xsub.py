# Linear evaluation of the three encoders of the synthetic set, each alone and
# fused, cross-subject: the evaluation of tools/quickstart.sh.
#   bash tools/dist_train.sh \
#       configs/linear/linear-3m_stgcn-slim-w8_1xb64-100e_synthetic-xsub.py 1
_base_ = [
    '../_base_/models/linear_stgcn-slim.py',
    '../_base_/datasets/synthetic_single-view.py',
    '../_base_/schedules/linear_100e.py',
    '../_base_/default_runtime.py',
]

model = dict(
    data_preprocessor=dict(modalities=['joint', 'motion', 'bone']),
    backbone=dict(base_channels=8, out_channels=64, dropout=0.0),
    in_channels=64,
    num_classes=17,
    pretrained='work_dirs/ikem-3m_stgcn-slim-w8_1xb32-30e_synthetic-xsub/epoch_30.pth',
)
train_dataloader = dict(batch_size=64, num_workers=0, persistent_workers=False)
val_dataloader = dict(num_workers=0, persistent_workers=False)
test_dataloader = val_dataloader
default_hooks = dict(
    checkpoint=dict(save_best='acc/fused_top1', rule='greater', interval=-1)
)
auto_scale_lr = dict(base_batch_size=64)
