# CPM-style pre-training on joint, motion and bone of NW-UCLA, cross-view.
#   bash tools/dist_train.sh \
#       configs/cpm/cpm-3m_stgcn-slim_1xb64-100e_nwucla-xview.py 1
_base_ = [
    '../skeletonclr/skeletonclr-3m_stgcn-slim_1xb64-100e_nwucla-xview.py',
    '../_base_/methods/cpm.py',
]

model = dict(_base_.method, **_base_.small_set)
