"""All algorithms on two modalities, at a size that takes milliseconds a step,
without dropout."""

import torch
from mmaction.registry import MODELS
from mmaction.structures import ActionDataSample
from mmengine.optim import OptimWrapper
from torch import nn

from projects.ikem.models.necks import MLPProjector

TWO = ('joint', 'motion')
BACKBONE = dict(  # the toolbox's, with two blocks
    type='STGCN',
    graph_cfg=dict(layout='nturgb+d', mode='stgcn_spatial'),
    base_channels=8,
    num_stages=2,
    inflate_stages=[],
    down_stages=[2],
)
NECK = dict(
    type='MLPProjector', in_channels=8, hid_channels=16, out_channels=8
)
DATA = dict(type='ModalityDataPreprocessor', modalities=TWO)
PRETRAINING = dict(
    data_preprocessor=DATA, backbone=BACKBONE, neck=NECK, bank_size=32
)
STUDENTS = dict(
    PRETRAINING,
    type='RelationalDistillation',
    modalities=TWO,
    neck=dict(NECK, out_channels=16),
    teacher=dict(modalities=TWO, backbone=BACKBONE, neck=NECK),
)
CLASSIFIER = dict(
    type='SkeletonClassifier',
    data_preprocessor=DATA,
    backbone=BACKBONE,
    in_channels=8,
    num_classes=3,
)
BANKLESS = dict(  # with exchanges by a space of their own
    data_preprocessor=DATA,
    backbone=BACKBONE,
    exchanges=['ExplicitExchange', 'ImplicitExchange'],
    exchange_space=dict(neck=NECK, bank_size=32),
)
PSTL = dict(
    BANKLESS,
    type='PSTL',
    neck=dict(
        NECK, type='BarlowTwinsProjector', hid_channels=32, out_channels=4
    ),
    weight=0.01,
    masked_frames=2,
    masked_joints=0,  # of the toolbox's backbone
)
HYSP = dict(
    BANKLESS,
    type='HYSP',
    neck=dict(NECK, type='BatchNormMLP'),
    pace_begin=0.0,
    pace_end=1.0,
)
ALGORITHMS = {
    'SkeletonCLR': dict(PRETRAINING, type='SkeletonCLR'),
    'CrosSCLR, second stage': dict(PRETRAINING, type='CrosSCLR'),
    'IKEM': dict(PRETRAINING, type='IKEM'),
    'IKEM, second stage': dict(PRETRAINING, type='IKEM'),
    'AimCLR': dict(PRETRAINING, type='AimCLR'),
    'AimCLR, second stage': dict(
        PRETRAINING,
        type='AimCLR',
        exchanges=['ExplicitExchange', 'ImplicitExchange'],
    ),
    'ActCLR': dict(
        PRETRAINING,
        type='ActCLR',
        swap=dict(type='RegionSwap', stride=2),
        late_swap=dict(type='RegionSwap', stride=2),
        exchanges=['DistributionExchange'],
        exchange_begin=0,
    ),
    'CPM, second stage': dict(PRETRAINING, type='CPM', positives=4),
    'distillation': STUDENTS,
    'distillation, Eq. 7': dict(STUDENTS, form='paper'),
    'PSTL': PSTL,
    'PSTL, second stage': PSTL,
    'HYSP': HYSP,
    'HYSP, second stage': HYSP,
    'linear': CLASSIFIER,
    'fine-tuning': dict(CLASSIFIER, frozen=False),
}
# Barlow Twins of six clips is chaotic at more
RATES = dict(linear=0.5, PSTL=1e-5, HYSP=0.005)


def build(name):
    model = MODELS.build(ALGORITHMS[name])
    # a teacher would ask for a checkpoint
    getattr(model, 'query', model).init_weights()
    for module in model.modules():
        if isinstance(module, MLPProjector):  # or all clips embed as one
            for weight in (module.mlp[0].weight, module.mlp[2].weight):
                nn.init.kaiming_normal_(weight)
    if getattr(model, 'key', None) is not None:
        model.key.load_state_dict(model.query.state_dict())
    if getattr(model, 'exchange_space', None) is not None:
        model.exchange_space.copy_keys(model.query)
    if name.endswith('second stage'):
        model.set_progress(1, 2)
    return model.train()


def batches(name, num):
    """The same batches for any model of as many views: clips of three
    classes."""
    views = getattr(MODELS.get(ALGORITHMS[name]['type']), 'num_views', 1)
    random = torch.Generator().manual_seed(0)
    classes = torch.randn(3, 1, 2, 8, 25, 3, generator=random)
    for _ in range(num):
        data = dict(inputs=[], data_samples=[])
        for i in range(6):
            noise = torch.randn(views, 2, 8, 25, 3, generator=random)
            clip = classes[i % 3] + noise / 2
            sample = ActionDataSample().set_gt_label(i % 3)
            sample.set_field(1.5, 'time_scale')
            data['inputs'].append(clip)
            data['data_samples'].append(sample)
        yield data


def train(name, wrapper=OptimWrapper, steps=50, compile=None):
    """Losses of some steps, and the model after them."""
    torch.manual_seed(0)
    model = build(name)
    if compile is not None:
        model.compile(backend=compile)
    lr = RATES.get(name.split(',')[0], 0.02)
    optimizer = torch.optim.SGD(model.parameters(), lr=lr, momentum=0.9)
    optim_wrapper = wrapper(optimizer)
    losses = [
        model.train_step(data, optim_wrapper)['loss']
        for data in batches(name, steps)
    ]
    return torch.stack(losses), model
