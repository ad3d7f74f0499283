# Distill IKEM's six modalities into joint, motion and bone encoders, NTU RGB+D
# 60, cross-subject.
#   bash tools/dist_train.sh \
#       configs/distillation/distillation-3m_stgcn-slim_1xb128-150e_ntu60-xsub.py 1
# The paper's student reaches 80.7 % in linear evaluation.
_base_ = [
    '../_base_/models/distillation_stgcn-slim.py',
    '../_base_/datasets/ntu60_two-view.py',
    '../_base_/schedules/distill_150e.py',
    '../_base_/default_runtime.py',
]

model = dict(
    teacher=dict(
        pretrained='work_dirs/ikem-6m_stgcn-slim_1xb128-300e_ntu60-xsub/epoch_300.pth'
    )
)
