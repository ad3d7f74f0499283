# CrosSCLR on joint, motion and bone of the synthetic set, cross-subject.
#   bash tools/dist_train.sh \
#       configs/crossclr/crossclr-3m_stgcn-slim-w8_1xb32-30e_synthetic-xsub.py 1
_base_ = (
    '../skeletonclr/skeletonclr-3m_stgcn-slim-w8_1xb32-30e_synthetic-xsub.py'
)

model = dict(
    type='CrosSCLR',
    topk=1,
    context=True,
    frozen_keys=['joint', 'bone'],
)
custom_hooks = [dict(type='ExchangeStageHook', begin=15)]
# the exchange's projectors are idle in the first stage
find_unused_parameters = True
