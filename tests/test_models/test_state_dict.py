"""Names and shapes in checkpoints, which stay as they are."""

import json
from pathlib import Path

import pytest
from mmaction.registry import MODELS

from projects.ikem.models.modalities import MODALITIES

SIX = list(MODALITIES)
THREE = SIX[:3]
BACKBONE = dict(type='SlimSTGCN')
NECK = dict(type='MLPProjector', out_channels=128)
K = 8
# of one encoder with its projector
ENCODER = json.loads(
    (Path(__file__).parents[1] / 'data/encoder_state.json').read_text()
)


def encoders(prefix, modalities, **necks):
    return {
        f'{prefix}.{u}.{name}': necks.get(name, shape)
        for u in modalities
        for name, shape in ENCODER.items()
    }


def bank(**channels):
    keys = {f'bank.keys_{u}': [K, d] for u, d in channels.items()}
    return {**keys, 'bank.pointer': [], 'bank.filled': []}


def mlp(prefix, first, hidden, last):
    return {
        f'{prefix}.mlp.0.weight': [hidden, first],
        f'{prefix}.mlp.0.bias': [hidden],
        f'{prefix}.mlp.2.weight': [last, hidden],
        f'{prefix}.mlp.2.bias': [last],
    }


def pretraining(modalities):
    return {
        **encoders('query', modalities),
        **encoders('key', modalities),
        **bank(**dict.fromkeys(modalities, 128)),
    }


def implicit(modalities):
    d = 128 * len(modalities)
    return {
        name: shape
        for u in modalities
        for name, shape in mlp(f'exchanges.1.projector.{u}', 256, d, d).items()
    }


def classifier(modalities, num_classes):
    heads = ['head'] + ['fused_head'] * (len(modalities) > 1)
    expected = {}
    for u in modalities:
        for name, shape in ENCODER.items():
            part, _, rest = name.partition('.')
            if part == 'backbone':
                expected[f'backbone.{u}.{rest}'] = shape
        for head in heads:
            expected[f'{head}.{u}.weight'] = [num_classes, 256]
            expected[f'{head}.{u}.bias'] = [num_classes]
    return expected


EXPECTED = {
    'SkeletonCLR': (
        dict(type='SkeletonCLR', neck=NECK, bank_size=K),
        ['joint'],
        pretraining(['joint']),
    ),
    'CrosSCLR': (
        dict(type='CrosSCLR', neck=NECK, bank_size=K),
        THREE,
        pretraining(THREE),
    ),
    'IKEM': (
        dict(type='IKEM', neck=NECK, bank_size=K),
        SIX,
        {**pretraining(SIX), **implicit(SIX)},
    ),
    'distillation': (
        dict(
            type='RelationalDistillation',
            modalities=THREE,
            neck=dict(type='MLPProjector'),
            teacher=dict(modalities=SIX, neck=NECK),
            bank_size=K,
        ),
        SIX,
        {
            **encoders('query', THREE, **mlp('neck', 256, 768, 768)),
            **encoders('teacher.encoder', SIX),
            **bank(**dict.fromkeys(SIX, 128), teacher=768),
        },
    ),
    'one stream': (
        dict(type='SkeletonClassifier', num_classes=60),
        ['bone'],
        classifier(['bone'], 60),
    ),
    'three streams': (
        dict(type='SkeletonClassifier', num_classes=60),
        THREE,
        classifier(THREE, 60),
    ),
}


@pytest.mark.parametrize('name', EXPECTED)
def test_names_and_shapes(name):
    cfg, modalities, expected = EXPECTED[name]
    data = dict(type='ModalityDataPreprocessor', modalities=modalities)
    model = MODELS.build(dict(cfg, backbone=BACKBONE, data_preprocessor=data))
    state = {k: list(v.shape) for k, v in model.state_dict().items()}
    assert state == expected
