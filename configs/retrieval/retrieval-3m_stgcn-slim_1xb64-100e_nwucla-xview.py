# Retrieval with the encoders of IKEM, NW-UCLA, cross-view.
#   bash tools/dist_test.sh \
#       configs/retrieval/retrieval-3m_stgcn-slim_1xb64-100e_nwucla-xview.py \
#       work_dirs/ikem-3m_stgcn-slim_1xb64-100e_nwucla-xview/epoch_100.pth 1
_base_ = '../ikem/ikem-3m_stgcn-slim_1xb64-100e_nwucla-xview.py'

test_cfg = dict(_delete_=True, type='SkeletonRetrievalTestLoop')
test_evaluator = dict(
    _delete_=True, type='SkeletonRetrievalMetric', collect_device='gpu'
)
