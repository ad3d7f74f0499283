# Fine-tuning of the three encoders on NTU RGB+D 120, cross-subject.
#   bash tools/dist_train.sh \
#       configs/finetune/finetune-3m_stgcn-slim_1xb128-100e_ntu120-xsub.py 1
_base_ = [
    '../_base_/models/linear_stgcn-slim.py',
    '../_base_/datasets/ntu120_finetune.py',
    '../_base_/schedules/finetune_100e.py',
    '../_base_/default_runtime.py',
]

model = dict(
    data_preprocessor=dict(modalities=['joint', 'motion', 'bone']),
    num_classes=120,
    frozen=False,
    pretrained='work_dirs/ikem-3m_stgcn-slim_1xb128-300e_ntu120-xsub/'
    'epoch_300.pth',
)
default_hooks = dict(
    checkpoint=dict(save_best='acc/fused_top1', rule='greater', interval=-1)
)
