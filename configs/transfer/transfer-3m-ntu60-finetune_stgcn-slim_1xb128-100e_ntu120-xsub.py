# Transfer from NTU RGB+D 60 to 120, cross-subject: fine-tuning.
#   bash tools/dist_train.sh \
#       configs/transfer/transfer-3m-ntu60-finetune_stgcn-slim_1xb128-100e_ntu120-xsub.py 1
_base_ = [
    '../_base_/evaluation/finetune_100e.py',
    '../_base_/datasets/ntu120-xsub.py',
]

model = dict(
    pretrained='work_dirs/ikem-3m_stgcn-slim_1xb128-300e_ntu60-xsub/epoch_300.pth',
    **_base_.classifier,
)
train_dataloader = _base_.one_view
