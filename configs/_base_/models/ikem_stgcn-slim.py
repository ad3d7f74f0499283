# IKEM: explicit and implicit exchange in the second half of the training.
_base_ = './skeletonclr_stgcn-slim.py'

model = dict(
    type='IKEM',
    exchanges=[dict(type='ExplicitExchange'), dict(type='ImplicitExchange')],
    exchange_begin=0.5,
    frozen_keys=['joint', 'bone', 'rotation_axis'],
)
# the projectors of the implicit exchange are idle in the first half
find_unused_parameters = True
