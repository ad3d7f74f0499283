"""One builder of tiny models, and batches for them."""

import torch
from mmaction.registry import MODELS
from mmaction.structures import ActionDataSample
from mmengine.optim import OptimWrapper

THREE = ('joint', 'motion', 'bone')
SIX = (*THREE, 'acceleration', 'rotation_axis', 'angular_velocity')
SLIM = dict(type='SlimSTGCN', base_channels=4, out_channels=8, dropout=0.0)


def neck(out_channels=6):
    return dict(
        type='MLPProjector',
        in_channels=8,
        hid_channels=8,
        out_channels=out_channels,
    )


EXCHANGE = dict(
    exchanges=['ExplicitExchange', 'ImplicitExchange'],
    exchange_space=dict(neck=neck(), bank_size=10),
)
BANKLESS = dict(
    PSTL=dict(
        neck=dict(type='BarlowTwinsProjector', out_channels=12),
        masked_frames=2,
    ),
    HYSP=dict(
        neck=dict(type='BatchNormMLP', hid_channels=8, out_channels=8),
        pace_begin=0,
        pace_end=2,
    ),
)


def build(kind='SkeletonCLR', modalities=THREE, **kwargs):
    """A pre-training, a distillation or a classifier of tiny encoders.

    Args:
        kind (str): Its registered name.
        modalities (Sequence[str]): Those derived, and trained.
        kwargs: Further arguments, or others than the tiny ones; of a
            distillation also ``teachers`` and ``students``, some of the
            modalities, and ``pretrained``, the teacher's checkpoint.
    """
    cfg = dict(
        type=kind,
        backbone=SLIM,
        data_preprocessor=dict(
            type='ModalityDataPreprocessor', modalities=modalities
        ),
    )
    if kind == 'SkeletonClassifier':
        cfg.update(in_channels=8, num_classes=5)
    elif kind in BANKLESS:
        cfg.update(BANKLESS[kind])
    else:
        cfg.update(neck=neck(), bank_size=10)
    if kind == 'RelationalDistillation':
        teachers = kwargs.pop('teachers', modalities)
        cfg.update(
            teacher=dict(
                modalities=teachers,
                backbone=dict(SLIM, dropout=0.5),
                neck=neck(),
                pretrained=kwargs.pop('pretrained', None),
            ),
            modalities=kwargs.pop('students', modalities),
            neck=neck(6 * len(teachers)),
        )
    return MODELS.build({**cfg, **kwargs})


def batch(n=3, t=12, views=2):
    """Random clips, each with its label."""
    data = dict(inputs=[], data_samples=[])
    for i in range(n):
        sample = ActionDataSample().set_gt_label(i % 5)
        sample.set_field(1.5, 'time_scale')
        data['data_samples'].append(sample)
        data['inputs'].append(torch.randn(views, 2, t, 25, 3))
    return data


def sgd(model, lr=0.5, **kwargs):
    """Plain gradient descent, as train_step takes it."""
    return OptimWrapper(torch.optim.SGD(model.parameters(), lr=lr, **kwargs))


def modalities_of(model, **kwargs):
    """What a model's losses are computed from, of random clips."""
    return model.data_preprocessor(batch(**kwargs))['inputs']
