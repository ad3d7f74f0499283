# IKEM on joint, motion and bone: explicit and implicit exchange.
_base_ = './skeletonclr_stgcn-slim.py'

model = dict(
    type='IKEM',
    data_preprocessor=dict(modalities=['joint', 'motion', 'bone']),
    exchanges=[dict(type='ExplicitExchange'), dict(type='ImplicitExchange')],
    frozen_keys=['joint', 'bone'],
)
