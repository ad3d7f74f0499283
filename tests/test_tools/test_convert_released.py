import os
import runpy
import sys

import pytest
import torch
from helpers import ROOT
from mmaction.registry import MODELS
from mmengine.runner import load_checkpoint
from released import K, make

TOOL = ROOT / 'tools/model_converters/convert_released.py'


def run(monkeypatch, *args):
    monkeypatch.setattr(sys, 'argv', [str(TOOL), *map(str, args)])
    runpy.run_path(str(TOOL), run_name='__main__')


@pytest.fixture
def released(tmp_path):
    """As DataParallel names it."""
    state = make('skeletonclr', 1)
    path = tmp_path / 'released.pth'
    torch.save({f'module.{k}': v for k, v in state.items()}, path)
    return path


@pytest.mark.parametrize('of', ['released.pth', '.'])
def test_convert(monkeypatch, capsys, tmp_path, released, of):
    """A file, or the last one of a folder that was moved."""
    (tmp_path / 'last_checkpoint').write_text('gone/released.pth')
    out = tmp_path / 'out.pth'
    run(monkeypatch, tmp_path / of, out, '--modality', 'bone')
    text = capsys.readouterr().out
    assert 'skeletonclr of bone\n383 keys written, 0 dropped\n' in text
    assert "layout='ntu-25-crossclr', use_time_scale=False" in text
    model = MODELS.build(
        dict(
            type='SkeletonCLR',
            backbone=dict(type='SlimSTGCN'),
            neck=dict(type='MLPProjector', in_channels=256, out_channels=128),
            data_preprocessor=dict(
                type='ModalityDataPreprocessor', modalities=['bone']
            ),
            bank_size=K,
        )
    )
    checkpoint = load_checkpoint(model, str(out), 'cpu', strict=True)
    assert checkpoint['meta'] == dict(
        converted_from='skeletonclr',
        data_preprocessor=dict(
            modalities=['bone'],
            layout='ntu-25-crossclr',
            use_time_scale=False,
        ),
    )
    assert len(os.listdir(tmp_path)) == 3


@pytest.mark.parametrize(
    'state, args, message',
    [
        ({'encoder_q.fc.weight': torch.ones(9)}, [], 'say which modality'),
        (
            {'encoder_q.fc.weight': torch.ones(60, 256)},
            ['--modality', 'bone'],
            'missing: encoder_q.A, ',
        ),
        ({'model.x': torch.ones(9)}, [], 'modules are model'),
        ({'encoder_q.A': TOOL}, [], 'is refused'),
    ],
)
def test_errors_are_one_line(monkeypatch, tmp_path, state, args, message):
    torch.save(state, tmp_path / 'a.pth')
    with pytest.raises(SystemExit, match=message) as error:
        run(monkeypatch, tmp_path / 'a.pth', tmp_path / 'b.pth', *args)
    assert str(error.value).startswith('convert_released.py: ')
    assert '\n' not in str(error.value)
    assert os.listdir(tmp_path) == ['a.pth']


def test_missing_and_existing_files(monkeypatch, tmp_path, released):
    with pytest.raises(SystemExit, match='convert_released.py: .*a.pth'):
        run(monkeypatch, tmp_path / 'a.pth', tmp_path / 'b.pth')
    before = released.read_bytes()
    with pytest.raises(SystemExit, match='.py: .*released.pth exists already'):
        run(monkeypatch, released, released, '--modality', 'bone')
    assert released.read_bytes() == before
