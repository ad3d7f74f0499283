# Fine-tuning of IKEM's three encoders on NTU RGB+D 60, cross-subject.
#   bash tools/dist_train.sh \
#       configs/finetune/finetune-3m_stgcn-slim_1xb128-100e_ntu60-xsub.py 1
# The encoders learn from the sum of the losses: each one's own head and the
# fused prediction. fused_top1 is what 3s rows report; the other accuracies
# are of encoders that the fusion has trained as well. Streams that know
# nothing of each other: one training per modality (docs/configs.md), fused
# with tools/analysis_tools/fuse_scores.py.
_base_ = [
    '../_base_/evaluation/finetune_100e.py',
    '../_base_/datasets/ntu60-xsub.py',
]

model = dict(
    pretrained='work_dirs/ikem-3m_stgcn-slim_1xb128-300e_ntu60-xsub/epoch_300.pth',
    **_base_.classifier,
)
train_dataloader = _base_.one_view
