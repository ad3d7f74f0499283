# CPM-style pre-training on joint, motion and bone of NTU RGB+D 60, cross-subject.
#   bash tools/dist_train.sh \
#       configs/cpm/cpm-3m_stgcn-slim_1xb128-300e_ntu60-xsub.py 4
# Published for CPM, linear: joint 78.7, the three fused 83.2. This is a method in
# its style: a difference says nothing about the implementation.
_base_ = [
    '../skeletonclr/skeletonclr-3m_stgcn-slim_1xb128-300e_ntu60-xsub.py',
    '../_base_/methods/cpm.py',
]

model = _base_.method
