# Retrieval with the encoders of IKEM: clips of the queries' classes among the
# training clips, by each modality and by all.
#   bash tools/dist_test.sh \
#       configs/retrieval/retrieval-3m_stgcn-slim_1xb128-300e_ntu60-xsub.py \
#       work_dirs/ikem-3m_stgcn-slim_1xb128-300e_ntu60-xsub/epoch_300.pth 1
_base_ = '../ikem/ikem-3m_stgcn-slim_1xb128-300e_ntu60-xsub.py'

test_cfg = dict(_delete_=True, type='SkeletonRetrievalTestLoop')
test_evaluator = dict(
    _delete_=True, type='SkeletonRetrievalMetric', collect_device='gpu'
)
