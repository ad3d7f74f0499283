# HYSP on joint, motion and bone of NTU RGB+D 60, cross-subject, with encoders of
# 12.8 M parameters a modality, as published. On four GPUs, as the release trains,
# with norms over all of them and the learning rate times four:
#   bash tools/dist_train.sh \
#       configs/hysp/hysp-3m_stgcn-wide_1xb128-300e_ntu60-xsub.py 4 \
#       --auto-scale-lr --cfg-options sync_bn=torch
# Published, linear: joint 78.2, the three fused 79.1; motion and bone alone are
# not. The release takes the first step of SGD 1.9 times as long:
# optim_wrapper.optimizer.type=GeooptSGD.
_base_ = './hysp-3m_stgcn-slim_1xb128-300e_ntu60-xsub.py'

model = _base_.wide
