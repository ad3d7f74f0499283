# SkeletonCLR on the joints of NTU RGB+D 60, cross-view.
#   bash tools/dist_train.sh \
#       configs/skeletonclr/skeletonclr-joint_stgcn-slim_1xb128-300e_ntu60-xview.py 4
# The paper reports 76.4 % in linear evaluation.
_base_ = './skeletonclr-3m_stgcn-slim_1xb128-300e_ntu60-xview.py'

model = dict(data_preprocessor=dict(modalities=['joint']))
