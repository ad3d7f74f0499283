# IKEM on joint, motion and bone of the synthetic set, cross-subject:
# the pre-training of tools/quickstart.sh, slim enough for two CPU cores.
#   bash tools/dist_train.sh \
#       configs/ikem/ikem-3m_stgcn-slim-w8_1xb32-30e_synthetic-xsub.py 1
_base_ = (
    '../skeletonclr/skeletonclr-3m_stgcn-slim-w8_1xb32-30e_synthetic-xsub.py'
)

model = dict(
    type='IKEM',
    exchanges=[dict(type='ExplicitExchange'), dict(type='ImplicitExchange')],
    frozen_keys=['joint', 'bone'],
)
custom_hooks = [dict(type='ExchangeStageHook', begin=15)]
# the exchange's projectors are idle in the first stage
find_unused_parameters = True
