# IKEM with mmaction2's STGCN++, on its own graph of NTU RGB+D, cross-subject.
#   bash tools/dist_train.sh \
#       configs/ikem/ikem-3m_stgcnpp_1xb128-300e_ntu60-xsub.py 4
# No result is published for this backbone.
_base_ = './ikem-3m_stgcn-slim_1xb128-300e_ntu60-xsub.py'

model = dict(
    backbone=dict(
        _delete_=True,
        type='STGCN',
        graph_cfg=dict(layout='nturgb+d', mode='spatial'),
        gcn_adaptive='init',
        gcn_with_res=True,
        tcn_type='mstcn',
    ),
    neck=dict(in_channels=256),
)
