# CrosSCLR: explicit exchange in the second half of the training.
_base_ = './skeletonclr_stgcn-slim.py'

model = dict(
    type='CrosSCLR',
    topk=1,
    context=True,
    exchange_begin=0.5,
    frozen_keys=['joint', 'bone', 'rotation_axis'],
)
