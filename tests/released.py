"""Released checkpoints of random numbers, by loops over their names."""

import torch
from mmaction.registry import MODELS

from projects.ikem.models import SlimSTGCN

ENDINGS = ('', '_motion', '_bone', '_acceleration', '_rotation_axis', '_omega')
K = 64
ALGORITHMS = dict(ikem='IKEM', crossclr='CrosSCLR', skeletonclr='SkeletonCLR')


def build(kind, modalities, **options):
    """A model of the full size of the method."""
    data = dict(type='ModalityDataPreprocessor', modalities=modalities)
    options.update(backbone=dict(type='SlimSTGCN'), data_preprocessor=data)
    if kind in ALGORITHMS:
        neck = dict(type='MLPProjector', in_channels=256, out_channels=128)
        options.update(type=ALGORITHMS[kind], neck=neck, bank_size=K)
    else:
        options.update(type='SkeletonClassifier', num_classes=60)
    return MODELS.build(options)


def norm(name, d):
    for last in ('weight', 'bias', 'running_mean', 'running_var'):
        yield f'{name}.{last}', (d,)
    yield f'{name}.num_batches_tracked', ()


def affine(name, *shape):
    yield f'{name}.weight', shape
    yield f'{name}.bias', shape[:1]


def encoder(b=16, out=256):
    """Names and shapes of a released encoder but its fc."""
    yield 'A', (3, 25, 25)
    yield from norm('data_bn', 75)
    channels = [3, *[b] * 4, *[2 * b] * 3, *[4 * b] * 2, out]
    for i, (c, d) in enumerate(zip(channels, channels[1:])):
        block = f'st_gcn_networks.{i}'
        yield from affine(f'{block}.gcn.conv', 3 * d, c, 1, 1)
        yield from norm(f'{block}.tcn.0', d)
        yield from affine(f'{block}.tcn.2', d, d, 9, 1)
        yield from norm(f'{block}.tcn.3', d)
        if i in (4, 7, 9):
            yield from affine(f'{block}.residual.0', d, c, 1, 1)
            yield from norm(f'{block}.residual.1', d)
        yield f'edge_importance.{i}', (3, 25, 25)


def mlp(name, hidden, d):
    yield from affine(f'{name}.0', hidden, 256)
    yield from affine(f'{name}.2', d, hidden)


def byol_mlp(name):
    yield from affine(f'{name}.net.0', 1024, 1024)
    yield from norm(f'{name}.net.1', 1024)
    yield from affine(f'{name}.net.3', 1024, 1024)


def hysp():
    for side in ('online', 'target'):
        for name, shape in encoder(64, 1024):
            yield f'model.{side}_encoder.{name}', shape
        yield from byol_mlp(f'model.{side}_projector')
    yield from byol_mlp('model.online_predictor')


def queues(endings, d=128):
    for end in endings:
        yield f'queue{end}', (d, K)
        yield f'queue_ptr{end}', (1,)


def encoders(tops, fc):
    names = [*encoder(), *fc]
    for top in tops:
        for name, shape in names:
            yield f'{top}.{name}', shape


def layout(kind, number):
    """Names and shapes of a released checkpoint."""
    if kind == 'hysp':
        yield from hysp()
        return
    if kind == 'pstl':
        yield from encoder()
        return
    ends = ENDINGS[:number]
    query = [f'encoder_q{end}' for end in ends]
    students = [f'encoder_student_{letter}' for letter in 'jmb']
    embed = list(mlp('fc', 256, 128))
    if kind in ('linear', 'students'):
        tops = query if kind == 'linear' else students[:number]
        yield from encoders(tops, affine('fc', 60, 256))
        return
    yield from encoders(query, embed)
    if kind == 'encoder':
        return
    yield from queues(ends)
    if kind == 'distillation':
        yield from queues(['_teacher'], 768)
        yield from encoders(students, mlp('fc', 768, 768))
        return
    yield from encoders([f'encoder_k{end}' for end in ends], embed)
    if kind == 'ikem':
        d = 128 * number
        for letter in 'jmbaro'[:number]:
            yield from mlp(f'mlp2{letter}', d, d)


def make(kind, number):
    """A released checkpoint of random numbers."""
    A = torch.tensor(SlimSTGCN().graph.A, dtype=torch.float32)
    special = {
        'A': lambda shape: A.clone(),
        'num_batches_tracked': lambda shape: torch.tensor(5),
        'queue_ptr': lambda shape: torch.tensor([3]),
    }
    state = {}
    for name, shape in layout(kind, number):
        last = name.split('.')[-1]
        last = 'queue_ptr' if last.startswith('queue_ptr') else last
        state[name] = special.get(last, torch.rand)(shape)
    return state
