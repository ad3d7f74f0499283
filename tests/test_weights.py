"""The weights that come with the package, and what works with them alone."""

import re
from pathlib import Path

import numpy as np
import pytest
import torch
from commands import fail, succeed
from helpers import CONFIGS, ROOT, read
from mmaction.registry import MODELS

from ikem_cli.places import (
    BOXED_CONFIG,
    BOXED_WEIGHTS,
    WEIGHTS,
    find_config,
    find_weights,
)
from projects.ikem.apis import inference, init_model
from projects.ikem.checkpoint import read_checkpoint
from projects.ikem.datasets.synthetic.actions import ACTIONS
from projects.ikem.datasets.synthetic.clips import make_clip

DEMO = 'demo/demo_skeleton.py'
SHIPPED = sorted(WEIGHTS.glob('*.pth'))


def table(path):
    """Rows of the tables of a card: {first cell: the others}."""
    rows = re.findall(r'^\| (.+?) \|$', path.read_text(), re.M)
    cells = [row.split(' | ') for row in rows]
    return {first: rest for first, *rest in cells}


def test_shipped_weights_are_small_and_described():
    assert find_weights(BOXED_WEIGHTS) in map(str, SHIPPED)
    for path in SHIPPED:
        assert path.stat().st_size < 1_000_000
        _, meta = read_checkpoint(path)
        card = table(path.with_suffix('.md'))
        assert card['size'] == [f'{path.stat().st_size:,} bytes']
        for key in ('seed', 'commit'):
            assert card[key] == [str(meta[key])]
        assert card['config'] == [f'`{meta["config_name"]}`']
        assert Path(find_config(meta['config_name'])).is_file()
        assert 0 < float(card['fused'][0]) <= 100


def test_shipped_classifier_recognises_new_people():
    """Clips of persons, drawn by another seed, that no training has seen."""
    model = init_model()
    _, meta = read_checkpoint(BOXED_WEIGHTS)
    assert meta['config_name'] == BOXED_CONFIG
    names = [
        f'S03{4 - p % 2}C00{p}P00{p}R001A{a:03d}'
        for a in range(1, len(ACTIONS) + 1)
        for p in (1, 2, 3)
    ]
    clips = [
        joints * present[..., None, None]
        for joints, present in (make_clip(name, seed=1) for name in names)
    ]
    labels = [int(name[-3:]) - 1 for name in names]
    predicted = [prediction.label for prediction in inference(model, clips)]
    assert np.mean(np.equal(labels, predicted)) > 0.3  # chance: 0.06


def test_shipped_encoders_begin_a_training():
    config = CONFIGS / 'own/finetune-3m_stgcn-slim-w8_1xb32-40e_own.py'
    cfg = read(config)
    cfg.model.update(num_classes=4, pretrained=BOXED_WEIGHTS)
    model = MODELS.build(cfg.model)
    model.init_weights()
    state, _ = read_checkpoint(BOXED_WEIGHTS)
    for name, value in model.backbone.state_dict().items():
        expected = state[f'backbone.{name}'].to(value.dtype)
        assert torch.equal(value, expected)


def test_demo_of_what_is_in_the_box(tmp_path):
    head, *lines = succeed(DEMO, cwd=tmp_path).splitlines()
    assert head.split() == ['class', 'score', 'name']
    names = [line.split(maxsplit=2)[2] for line in lines]
    assert 'jumping jack' in names and set(names) < set(ACTIONS)
    clip = ROOT / 'demo/jumping_jack.npy'
    text = succeed(DEMO, clip, '--topk', 5, cwd=tmp_path)
    assert text.splitlines() == [head, *lines]
    made, _ = make_clip('S034C002P002R001A008', seed=1)
    np.testing.assert_allclose(np.load(clip), made, atol=2e-3)
    assert clip.stat().st_size < 20_000


def test_wrong_names(tmp_path):
    there = ', '.join(f'ikem::{path.name}' for path in SHIPPED)
    text = fail(DEMO, 'x.npy', BOXED_CONFIG, 'ikem::no.pth')
    assert text.endswith(
        f'ikem::no.pth are no weights of ikem: there are {there}'
    )
    text = fail(DEMO, 'x.npy', 'mine.py', returncode=2)
    assert 'needs its CHECKPOINT' in text
    with pytest.raises(ValueError, match='x.pth needs its config'):
        init_model(checkpoint='x.pth')
    assert find_weights(tmp_path) == str(tmp_path)
