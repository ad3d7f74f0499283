# CrosSCLR on joint, motion and bone of NW-UCLA, cross-view.
#   bash tools/dist_train.sh \
#       configs/crossclr/crossclr-3m_stgcn-slim_1xb64-100e_nwucla-xview.py 1
_base_ = '../skeletonclr/skeletonclr-3m_stgcn-slim_1xb64-100e_nwucla-xview.py'

model = dict(
    type='CrosSCLR',
    topk=1,
    context=True,
    frozen_keys=['joint', 'bone'],
)
custom_hooks = [dict(type='ExchangeStageHook', begin=50)]
# the exchange's projectors are idle in the first stage
find_unused_parameters = True
