# Fine-tuning of IKEM's three encoders on NTU RGB+D 60, cross-view.
#   bash tools/dist_train.sh \
#       configs/finetune/finetune-3m_stgcn-slim_1xb128-100e_ntu60-xview.py 1
_base_ = [
    '../_base_/evaluation/finetune_100e.py',
    '../_base_/datasets/ntu60-xview.py',
]

model = dict(
    pretrained='work_dirs/ikem-3m_stgcn-slim_1xb128-300e_ntu60-xview/epoch_300.pth',
    **_base_.classifier,
)
train_dataloader = _base_.one_view
