# SkeletonCLR on the joints of NTU RGB+D 60, cross-subject.
#   bash tools/dist_train.sh \
#       configs/skeletonclr/skeletonclr-joint_stgcn-slim_1xb128-300e_ntu60-xsub.py 4
# The paper reports 68.3 % in linear evaluation.
_base_ = './skeletonclr-3m_stgcn-slim_1xb128-300e_ntu60-xsub.py'

model = dict(data_preprocessor=dict(modalities=['joint']))
