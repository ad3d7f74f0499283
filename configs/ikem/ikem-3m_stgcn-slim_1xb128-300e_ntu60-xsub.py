# IKEM on joint, motion and bone of NTU RGB+D 60, cross-subject.
#   bash tools/dist_train.sh \
#       configs/ikem/ikem-3m_stgcn-slim_1xb128-300e_ntu60-xsub.py 4
# The paper reports 78.0 % in linear evaluation, fused.
_base_ = [
    '../_base_/pretraining/ikem_300e.py',
    '../_base_/datasets/ntu60-xsub.py',
]

train_dataloader = _base_.two_views
