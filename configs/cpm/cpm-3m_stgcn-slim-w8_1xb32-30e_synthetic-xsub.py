# CPM-style pre-training on joint, motion and bone of the synthetic set, cross-subject.
#   bash tools/dist_train.sh \
#       configs/cpm/cpm-3m_stgcn-slim-w8_1xb32-30e_synthetic-xsub.py 1
_base_ = [
    '../skeletonclr/skeletonclr-3m_stgcn-slim-w8_1xb32-30e_synthetic-xsub.py',
    '../_base_/methods/cpm.py',
]

model = dict(_base_.method, **_base_.small_set)
