# IKEM with mmaction2's AAGCN, on its own graph of NTU RGB+D, cross-subject.
#   bash tools/dist_train.sh \
#       configs/ikem/ikem-3m_aagcn_1xb128-300e_ntu60-xsub.py 4
# No result is published for this backbone.
_base_ = './ikem-3m_stgcn-slim_1xb128-300e_ntu60-xsub.py'

model = dict(
    backbone=dict(
        _delete_=True,
        type='AAGCN',
        graph_cfg=dict(layout='nturgb+d', mode='spatial'),
    ),
    neck=dict(in_channels=256),
)
