# Fine-tuning of IKEM's three encoders on NW-UCLA, cross-view.
#   bash tools/dist_train.sh \
#       configs/finetune/finetune-3m_stgcn-slim_1xb128-100e_nwucla-xview.py 1
_base_ = [
    '../_base_/evaluation/finetune_100e.py',
    '../_base_/datasets/nwucla-xview.py',
]

model = dict(
    pretrained='work_dirs/ikem-3m_stgcn-slim_1xb64-100e_nwucla-xview/epoch_100.pth',
    **_base_.classifier,
)
train_dataloader = _base_.one_view
