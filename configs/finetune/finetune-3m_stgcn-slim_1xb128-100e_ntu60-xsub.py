# Fine-tuning of the three encoders on NTU RGB+D 60, cross-subject.
#   bash tools/dist_train.sh \
#       configs/finetune/finetune-3m_stgcn-slim_1xb128-100e_ntu60-xsub.py 1
# The encoders learn from the sum of the losses: each one's own head and the
# fused prediction. fused_top1 is what 3s rows report; the other accuracies are
# of encoders that the fusion has trained as well. Streams that know nothing of
# each other: finetune-joint, -motion and -bone, fused with
# tools/analysis_tools/fuse_scores.py.
_base_ = './finetune-joint_stgcn-slim_1xb128-100e_ntu60-xsub.py'

model = dict(
    data_preprocessor=dict(modalities=['joint', 'motion', 'bone']),
    pretrained='work_dirs/ikem-3m_stgcn-slim_1xb128-300e_ntu60-xsub/'
    'epoch_300.pth',
)
default_hooks = dict(checkpoint=dict(save_best='acc/fused_top1'))
