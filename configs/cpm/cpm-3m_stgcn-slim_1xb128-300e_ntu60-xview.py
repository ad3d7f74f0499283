# CPM-style pre-training on joint, motion and bone of NTU RGB+D 60, cross-view.
#   bash tools/dist_train.sh \
#       configs/cpm/cpm-3m_stgcn-slim_1xb128-300e_ntu60-xview.py 4
# Published for CPM, linear: joint 84.9, the three fused 87.0. This is a method in
# its style: a difference says nothing about the implementation.
_base_ = [
    '../skeletonclr/skeletonclr-3m_stgcn-slim_1xb128-300e_ntu60-xview.py',
    '../_base_/methods/cpm.py',
]

model = _base_.method
