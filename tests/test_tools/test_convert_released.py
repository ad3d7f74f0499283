import os
from pathlib import Path

import pytest
import torch
from commands import fail, succeed
from mmengine.runner import load_checkpoint
from released import build, make

TOOL = 'tools/model_converters/convert_released.py'


@pytest.fixture
def released(tmp_path):
    """As DataParallel names it."""
    state = make('skeletonclr', 1)
    path = tmp_path / 'released.pth'
    torch.save({f'module.{k}': v for k, v in state.items()}, path)
    return path


@pytest.mark.parametrize('of', ['released.pth', '.'])
def test_convert(tmp_path, released, of):
    """A file, or the last one of a folder that was moved."""
    (tmp_path / 'last_checkpoint').write_text('gone/released.pth')
    out = tmp_path / 'out.pth'
    text = succeed(TOOL, tmp_path / of, out, '--modality', 'bone')
    assert 'skeletonclr of bone\n383 keys written, 0 dropped\n' in text
    assert "layout='ntu-25-crossclr', use_time_scale=False" in text
    model = build('skeletonclr', ['bone'])
    checkpoint = load_checkpoint(model, str(out), 'cpu', strict=True)
    assert checkpoint['meta'] == dict(
        converted_from='skeletonclr',
        data_preprocessor=dict(
            modalities=['bone'], layout='ntu-25-crossclr', use_time_scale=False
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
        ({'encoder_q.A': Path(TOOL)}, [], 'is refused'),
    ],
)
def test_errors_are_one_line(tmp_path, state, args, message):
    torch.save(state, tmp_path / 'a.pth')
    line = fail(TOOL, tmp_path / 'a.pth', tmp_path / 'b.pth', *args)
    assert message in line
    assert os.listdir(tmp_path) == ['a.pth']


def test_missing_and_existing_files(tmp_path, released):
    line = fail(TOOL, tmp_path / 'a.pth', tmp_path / 'b.pth')
    assert 'a.pth' in line
    before = released.read_bytes()
    line = fail(TOOL, released, released, '--modality', 'bone')
    assert 'released.pth exists already' in line
    assert released.read_bytes() == before
