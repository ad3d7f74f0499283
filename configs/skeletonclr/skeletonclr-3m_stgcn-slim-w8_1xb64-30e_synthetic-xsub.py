# SkeletonCLR on joint, motion and bone of the synthetic set, cross-subject:
# the pre-training of tools/quickstart.sh, slim enough for two CPU cores.
#   bash tools/dist_train.sh \
#       configs/skeletonclr/skeletonclr-3m_stgcn-slim-w8_1xb64-30e_synthetic-xsub.py 1
# A short training needs key encoders that follow faster than in 300 epochs.
_base_ = [
    '../_base_/models/skeletonclr_stgcn-slim.py',
    '../_base_/datasets/synthetic_two-view.py',
    '../_base_/schedules/pretrain_300e.py',
    '../_base_/default_runtime.py',
]

model = dict(
    data_preprocessor=dict(modalities=['joint', 'motion', 'bone']),
    backbone=dict(base_channels=8, out_channels=64, dropout=0.0),
    neck=dict(in_channels=64, hid_channels=64, out_channels=64),
    bank_size=1024,
    momentum=0.99,
)
train_dataloader = dict(batch_size=64, num_workers=1)
train_cfg = dict(max_epochs=30)
param_scheduler = [
    dict(type='MultiStepLR', by_epoch=True, milestones=[25], gamma=0.1)
]
