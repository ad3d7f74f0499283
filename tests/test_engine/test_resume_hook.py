import logging

import pytest
import torch
from helpers import SKELETONCLR_JOINT, read, tiny
from mmengine.runner import Runner

from projects.ikem.engine.file_backend import AtomicLocalBackend
from projects.ikem.engine.hooks.resume_hook import newest_whole

LOGGER = logging.getLogger('test')


def save(folder, *numbers):
    for number in numbers:
        torch.save(
            dict(state_dict={}, number=number), folder / f'epoch_{number}.pth'
        )


def newest(folder):
    return newest_whole(folder, 'epoch_{}.pth', LOGGER)


def test_the_newest_is_taken_by_number(tmp_path):
    assert newest(tmp_path) is None
    save(tmp_path, 9, 10, 2)
    for other in (
        'best_acc_epoch_20.pth',
        'epoch_30.partial.pth',
        'iter_40.pth',
    ):
        (tmp_path / other).write_bytes(b'')
    assert newest(tmp_path) == str(tmp_path / 'epoch_10.pth')


@pytest.mark.parametrize('part', [0, 0.5, 0.99])
def test_a_truncated_one_is_left_aside(part, tmp_path, caplog):
    save(tmp_path, 1, 2, 3)
    path = tmp_path / 'epoch_3.pth'
    content = path.read_bytes()
    path.write_bytes(content[: int(part * len(content))])
    assert newest(tmp_path) == str(tmp_path / 'epoch_2.pth')
    (record,) = caplog.records
    assert record.levelname == 'WARNING'
    assert 'epoch_3.pth is' in record.message


def test_none_is_whole(tmp_path):
    (tmp_path / 'epoch_3.pth').write_bytes(b'PK')
    with pytest.raises(ValueError, match='no checkpoint'):
        newest(tmp_path)


def test_a_file_is_replaced_as_a_whole(tmp_path):
    backend = AtomicLocalBackend()
    path = tmp_path / 'folder/epoch_1.pth'
    backend.put(b'old', path)

    with pytest.raises(TypeError):
        backend.put('no bytes', path)
    assert path.read_bytes() == b'old'
    assert [p.name for p in path.parent.iterdir()] == ['epoch_1.pth']


def checkpoint_of(cfg, tmp_path):
    Runner.from_cfg(cfg).train()
    return str(tmp_path / 'epoch_1.pth')


def test_another_batch_is_told(prepared_ntu, tmp_path, capsys):
    cfg = read(SKELETONCLR_JOINT)
    cfg = tiny(cfg, prepared_ntu, tmp_path)
    cfg.val_cfg = cfg.val_dataloader = cfg.val_evaluator = None
    checkpoint = checkpoint_of(cfg, tmp_path)
    for batch_size, told in ((4, 0), (3, 1)):
        cfg.train_dataloader.batch_size = batch_size
        cfg.resume, cfg.load_from = True, checkpoint
        Runner.from_cfg(cfg).train()
        out = capsys.readouterr().out
        assert out.count('had 1 x 4 clips, now it has 1 x 3 clips') == told
