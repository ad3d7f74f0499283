import numpy as np
import pytest
import torch
from mmengine.logging import MessageHub
from mmengine.runner import CheckpointLoader


def load(path):
    return CheckpointLoader.load_checkpoint(str(path), 'cpu')


def test_reads_what_mmengine_writes(tmp_path):
    hub = MessageHub('test')
    for i in range(5):
        hub.update_scalar('train/loss', np.float32(i))
    hub.update_info('best', np.float64(0.5))
    hub.update_info('array', np.arange(3))
    module = torch.nn.Linear(2, 3)
    optimizer = torch.optim.SGD(module.parameters(), 0.1, momentum=0.9)
    module(torch.ones(2)).sum().backward()
    optimizer.step()
    torch.save(
        dict(
            meta=dict(epoch=3, cfg='a = 1'),
            state_dict=module.state_dict(),
            message_hub=hub.state_dict(),
            optimizer=optimizer.state_dict(),
            param_schedulers=[dict(milestones={'a': 3})],
        ),
        tmp_path / 'a.pth',
    )
    checkpoint = load(tmp_path / 'a.pth')
    other = MessageHub('other')
    other.load_state_dict(checkpoint['message_hub'])
    assert other.get_scalar('train/loss').mean(3) == 3
    assert other.get_scalar('train/loss').statistics('max', 5) == 4
    assert other.get_info('best') == 0.5
    assert other.get_info('array').tolist() == [0, 1, 2]
    assert torch.equal(checkpoint['state_dict']['weight'], module.weight)
    assert checkpoint['meta']['epoch'] == 3
    optimizer.load_state_dict(checkpoint['optimizer'])


class Call:
    """Pickles as a call."""

    def __init__(self, function, *args):
        self.call = function, args

    def __reduce__(self):
        return self.call


def fire(path):
    open(path, 'w').close()


@pytest.mark.parametrize(
    'make',
    [
        lambda path: Call(fire, path),
        lambda path: Call(eval, f'open({path!r}, "w")'),
        lambda path: Call(getattr, torch.nn.Linear, 'forward'),
        lambda path: Call(getattr, Call(getattr, str, '__class__'), 'mro'),
        lambda path: np.array([Call(fire, path)], dtype=object),
        lambda path: dict(state_dict=dict(a=Call(fire, path))),
    ],
)
def test_refuses_what_could_execute_code(make, tmp_path):
    fired, path = str(tmp_path / 'fired'), tmp_path / 'evil.pth'
    torch.save(make(fired), path)
    with pytest.raises(ValueError, match='is refused.*state_dict alone') as e:
        load(path)
    assert '\n' not in str(e.value)
    assert not (tmp_path / 'fired').exists()


@pytest.mark.parametrize('dtype', ['O', 'f8'])
def test_admitted_classes_cannot_be_called(dtype, tmp_path):
    """An array of objects over raw bytes would be a wild pointer."""
    path = tmp_path / 'evil.pth'
    torch.save(Call(np.ndarray, (1,), dtype, b'A' * 8), path)
    with pytest.raises(ValueError, match='evil.pth'):
        load(path)


@pytest.mark.parametrize('zipped', [True, False])
def test_old_formats_are_refused_alike(zipped, tmp_path):
    path = tmp_path / 'old.pth'
    torch.save(
        Call(fire, str(tmp_path / 'fired')),
        path,
        _use_new_zipfile_serialization=zipped,
    )
    with pytest.raises(ValueError, match='is refused'):
        load(path)
    assert not (tmp_path / 'fired').exists()


@pytest.mark.parametrize('content', [dict(meta=None), [1, 2], dict()])
def test_unusual_contents(content, tmp_path):
    torch.save(content, tmp_path / 'a.pth')
    assert load(tmp_path / 'a.pth') == content


def test_the_text_of_a_config_is_dropped(tmp_path):
    torch.save(dict(meta=dict(config='fire()', epoch=1)), tmp_path / 'a.pth')
    assert load(tmp_path / 'a.pth')['meta'] == dict(epoch=1)


@pytest.mark.parametrize('keep', [0, 10, 200, -50])
def test_damaged(keep, tmp_path):
    path = tmp_path / 'a.pth'
    torch.save(dict(state_dict=torch.nn.Linear(9, 9).state_dict()), path)
    path.write_bytes(path.read_bytes()[:keep])
    with pytest.raises(ValueError, match='a.pth is .*damaged'):
        load(path)


def test_missing(tmp_path):
    with pytest.raises(FileNotFoundError, match='b.pth'):
        load(tmp_path / 'b.pth')
