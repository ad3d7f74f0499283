# CrosSCLR on joint, motion and bone of NTU RGB+D 60, cross-view.
#   bash tools/dist_train.sh \
#       configs/crossclr/crossclr-3m_stgcn-slim_1xb128-300e_ntu60-xview.py 4
# The paper reports 83.4 % in linear evaluation, fused.
_base_ = [
    '../_base_/pretraining/crossclr_300e.py',
    '../_base_/datasets/ntu60-xview.py',
]

train_dataloader = _base_.two_views
