# CrosSCLR on joint, motion and bone: explicit exchange.
_base_ = './skeletonclr_stgcn-slim.py'

model = dict(
    type='CrosSCLR',
    data_preprocessor=dict(modalities=['joint', 'motion', 'bone']),
    topk=1,
    context=True,
    frozen_keys=['joint', 'bone'],
)
