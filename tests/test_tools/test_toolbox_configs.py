"""Configs of mmaction2 itself, through our tools and its own."""

import os
import subprocess
import sys
from pathlib import Path

import mmaction
import pytest
from commands import fail, scalars, succeed
from mmengine.config import Config

from projects.ikem.engine.config_check import apply_options

pytestmark = pytest.mark.long
MIM = Path(mmaction.__file__).parent / '.mim'
MIM = MIM if MIM.is_dir() else MIM.parent.parent  # of a checkout
NAMES = sorted(
    str(path.relative_to(MIM / 'configs'))
    for path in (MIM / 'configs').rglob('*.py')
    if '_base_' not in path.parts
)
IN_3D = [name for name in NAMES if name.endswith('keypoint-3d.py')]
ONE_EACH = [name for name in IN_3D if '-joint-u100' in name]


@pytest.mark.parametrize('name', NAMES)
def test_passes_our_checks(name):
    try:
        cfg = Config.fromfile(MIM / 'configs' / name)
    except Exception as error:
        pytest.skip(f'mmengine cannot load it: {error}')
    apply_options(cfg, {})


def test_all_kinds_are_here():
    kinds = {name.split('/')[1] for name in ONE_EACH}
    assert {'stgcn', 'stgcnpp', '2s-agcn'} <= kinds


def child(folder, name, data_root):
    """A config of three lines beside its imports."""
    path = folder / 'mine.py'
    lines = [
        f"_base_ = '{MIM}/configs/{name}'",
        "custom_imports = dict(imports=['projects.ikem'])",
    ]
    for part, split in (('train', 'train'), ('val', 'val'), ('test', 'val')):
        lines.append(
            f'{part}_dataloader = dict(batch_size=2, dataset=dict('
            f"_delete_=True, type='SkeletonDataset', data_root={data_root!r}, "
            f"split='xsub_{split}', pipeline=_base_.{part}_pipeline))"
        )
    path.write_text('\n'.join(lines))
    return path


SMALL = [
    'model.backbone.base_channels=8',
    'model.cls_head.in_channels=32',
    'train_cfg.max_epochs=1',
    'train_dataloader.num_workers=0',
    'val_dataloader.num_workers=0',
    'test_dataloader.num_workers=0',
    'train_dataloader.dataset.indices=4',
    'val_dataloader.dataset.indices=2',
    'default_hooks.logger.interval=1',
]


@pytest.mark.parametrize('name', IN_3D)
def test_trains_through_our_tools(name, prepared_ntu, tmp_path):
    config = child(tmp_path, name, prepared_ntu)
    args = ('--work-dir', tmp_path / 'out', '--cfg-options', *SMALL)
    succeed('tools/train.py', config, *args)
    logs = scalars(tmp_path / 'out')
    assert any('loss' in entry for entry in logs)
    assert any('acc/top1' in entry for entry in logs)


@pytest.mark.parametrize('name', ONE_EACH)
def test_trains_by_options_alone(name, prepared_ntu, tmp_path):
    options = [
        f'{part}_dataloader.dataset.{key}={value}'
        for part, inner, split in (
            ('train', 'dataset.', 'train'),
            ('val', '', 'val'),
            ('test', '', 'val'),
        )
        for key, value in (
            (f'{inner}type', 'SkeletonDataset'),
            (f'{inner}data_root', prepared_ntu),
            (f'{inner}ann_file', 'annotations.json'),
            (f'{inner}split', f'xsub_{split}'),
        )
    ]
    small = [
        option for option in SMALL if 'train_dataloader.dataset' not in option
    ]
    args = ('--work-dir', tmp_path / 'out', '--cfg-options', *options, *small)
    succeed('tools/train.py', MIM / 'configs' / name, *args)
    assert any('acc/top1' in entry for entry in scalars(tmp_path / 'out'))


@pytest.mark.parametrize('name', ONE_EACH)
def test_trains_through_the_toolbox(name, prepared_ntu, tmp_path):
    config = child(tmp_path, name, prepared_ntu)
    workers = [
        f'{part}_dataloader.persistent_workers=False'
        for part in ('train', 'val', 'test')
    ]
    result = subprocess.run(
        [sys.executable, str(MIM / 'tools/train.py'), str(config)]
        + ['--work-dir', str(tmp_path / 'out')]
        + ['--cfg-options', *SMALL, *workers],
        env=dict(os.environ),
        capture_output=True,
        text=True,
    )
    assert result.returncode == 0, result.stderr[-3000:]
    assert any('acc/top1' in entry for entry in scalars(tmp_path / 'out'))


def test_modalities_of_bones_are_refused(prepared_ntu, tmp_path):
    """By our tools, whose hook the config need not have."""
    config = child(tmp_path, ONE_EACH[0], prepared_ntu)
    pipeline = [
        dict(type='JointToBone'),
        dict(type='GenModality', modality='rotation_axis'),
        dict(type='FormatGCNInput', num_person=2),
        dict(type='PackActionInputs'),
    ]
    text = config.read_text().replace('_base_.train_pipeline', f'{pipeline}')
    config.write_text(text)
    args = ('--work-dir', tmp_path / 'out', '--cfg-options', *SMALL)
    assert 'JointToBone' in fail('tools/train.py', config, *args)
