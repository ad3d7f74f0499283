# Linear evaluation of IKEM's three encoders on NW-UCLA, cross-view, each
# alone and fused.
#   bash tools/dist_train.sh \
#       configs/linear/linear-3m_stgcn-slim_1xb128-100e_nwucla-xview.py 1
# Report xview_dedup as well, by --cfg-options
# val_dataloader.dataset.split=xview_dedup_val: 95 test clips of the standard
# split are copies of training clips.
_base_ = [
    '../_base_/evaluation/linear_100e.py',
    '../_base_/datasets/nwucla-xview.py',
]

model = dict(
    pretrained='work_dirs/ikem-3m_stgcn-slim_1xb64-100e_nwucla-xview/epoch_100.pth',
    **_base_.classifier,
)
