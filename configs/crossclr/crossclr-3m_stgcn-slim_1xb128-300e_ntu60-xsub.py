# CrosSCLR on joint, motion and bone of NTU RGB+D 60, cross-subject.
#   bash tools/dist_train.sh \
#       configs/crossclr/crossclr-3m_stgcn-slim_1xb128-300e_ntu60-xsub.py 4
# The paper reports 77.8 % in linear evaluation, fused.
_base_ = [
    '../_base_/pretraining/crossclr_300e.py',
    '../_base_/datasets/ntu60-xsub.py',
]

train_dataloader = _base_.two_views
