import os
import runpy
import sys
from pathlib import Path

import pytest
import torch
from mmaction.registry import MODELS
from mmengine.runner import load_checkpoint

TOOL = (
    Path(__file__).resolve().parents[2]
    / 'tools/model_converters/convert_released.py'
)


def run(monkeypatch, *args):
    monkeypatch.setattr(sys, 'argv', [str(TOOL), *map(str, args)])
    runpy.run_path(str(TOOL), run_name='__main__')


@pytest.fixture
def model():
    model = MODELS.build(
        dict(
            type='SkeletonCLR',
            backbone=dict(type='SlimSTGCN'),
            neck=dict(type='MLPProjector', in_channels=256, out_channels=128),
            data_preprocessor=dict(
                type='ModalityDataPreprocessor', modalities=['bone']
            ),
            bank_size=16,
        )
    )
    model.init_weights()
    return model


@pytest.fixture
def ours(model, tmp_path):
    path = tmp_path / 'ours.pth'
    torch.save(dict(meta=dict(epoch=1), state_dict=model.state_dict()), path)
    return path


def test_there_and_back(monkeypatch, capsys, tmp_path, model, ours):
    run(monkeypatch, ours, tmp_path / 'released.pth', '--reverse')
    out = capsys.readouterr().out
    assert 'skeletonclr of bone\n364 keys written, 0 dropped\n' in out
    released = torch.load(tmp_path / 'released.pth', weights_only=True)
    assert {k.split('.')[0] for k in released} == {
        'encoder_q',
        'encoder_k',
        'queue',
        'queue_ptr',
    }
    parallel = {f'module.{k}': v for k, v in released.items()}
    torch.save(parallel, tmp_path / 'parallel.pth')
    back = tmp_path / 'back.pth'
    run(monkeypatch, tmp_path / 'parallel.pth', back, '--modality', 'bone')
    out = capsys.readouterr().out
    assert 'skeletonclr of bone\n383 keys written, 0 dropped\n' in out
    assert "layout='ntu-25-crossclr', use_time_scale=False" in out
    checkpoint = load_checkpoint(model, str(back), 'cpu', strict=True)
    assert checkpoint['meta'] == dict(
        converted_from='skeletonclr',
        data_preprocessor=dict(
            modalities=['bone'],
            layout='ntu-25-crossclr',
            use_time_scale=False,
        ),
    )
    before = torch.load(ours, weights_only=True)['state_dict']
    for name, value in model.state_dict().items():
        assert torch.equal(value, before[name]), name
    assert sorted(os.listdir(tmp_path)) == [
        'back.pth',
        'ours.pth',
        'parallel.pth',
        'released.pth',
    ]


@pytest.mark.parametrize(
    'state, args, message',
    [
        ({'encoder_q.fc.weight': torch.ones(9)}, [], 'say which modality'),
        (
            {'encoder_q.fc.weight': torch.ones(60, 256)},
            ['--modality', 'bone'],
            'missing keys: encoder_q.A, ',
        ),
        ({'model.x': torch.ones(9)}, ['--reverse'], 'modules are model'),
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


def test_missing_and_existing_files(monkeypatch, tmp_path, ours):
    with pytest.raises(
        SystemExit, match='convert_released.py: .*a.pth can not be found'
    ):
        run(monkeypatch, tmp_path / 'a.pth', tmp_path / 'b.pth')
    before = ours.read_bytes()
    with pytest.raises(SystemExit, match='.py: .*ours.pth exists already'):
        run(monkeypatch, ours, ours, '--reverse')
    assert ours.read_bytes() == before


def test_modality_is_of_no_use_backwards(monkeypatch, capsys, ours):
    with pytest.raises(SystemExit):
        run(monkeypatch, ours, 'x.pth', '--reverse', '--modality', 'bone')
    assert 'from released to ours' in capsys.readouterr().err
