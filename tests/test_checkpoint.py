import functools
import http.server
import pickle
import shutil
import threading

import numpy as np
import pytest
import torch
from fuzz import Call, LongerArray, damaged, fuzz
from hypothesis import given
from mmengine.logging import MessageHub
from mmengine.runner import CheckpointLoader

from projects.ikem.checkpoint import read_checkpoint


def load(path):
    return CheckpointLoader.load_checkpoint(str(path), 'cpu')


def test_reads_what_mmengine_writes(tmp_path):
    hub = MessageHub('test')
    for i in range(5):
        hub.update_scalar('train/loss', np.float32(i))
    hub.update_info('best', np.float64(0.5))
    hub.update_info('array', np.arange(3))
    hub.update_info('empty', np.zeros(0))
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
    assert other.get_info('empty').tolist() == []
    assert torch.equal(checkpoint['state_dict']['weight'], module.weight)
    assert checkpoint['meta']['epoch'] == 3
    optimizer.load_state_dict(checkpoint['optimizer'])


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


def test_what_was_read_is_written_as_it_was(tmp_path):
    """A training that was resumed writes what it resumed from."""
    hub = MessageHub('again')
    hub.update_scalar('train/loss', 1.5)
    hub.update_info('array', np.arange(6, dtype='i2').reshape(2, 3))
    torch.save(hub.state_dict(), tmp_path / '0.pth')
    for i in range(2):
        torch.save(load(tmp_path / f'{i}.pth'), tmp_path / f'{i + 1}.pth')
    first, last = (load(tmp_path / f'{i}.pth') for i in (0, 2))
    for content in (first, last):
        array = content['runtime_info']['array']
        assert array.tolist() == [[0, 1, 2], [3, 4, 5]]
        assert array.dtype == 'i2'
        assert content['log_scalars']['train/loss'].mean() == 1.5
    data = pickle.dumps(last['runtime_info']['array'])
    assert type(pickle.loads(data)) is np.ndarray


def test_arrays_do_not_reach_beyond_their_memory(tmp_path):
    array = LongerArray()
    torch.save([array.dtype, array], tmp_path / 'a.pth')
    assert load(tmp_path / 'a.pth')[1].tobytes() == b'abcdefgh'


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


def test_the_state_dict_of_a_checkpoint(tmp_path):
    path = tmp_path / 'a.pth'
    state = {'a.b': torch.tensor(1), 'c': torch.tensor(2)}
    prefixed = {f'module.{k}': v for k, v in state.items()}
    for content in (state, prefixed, dict(state_dict=prefixed, meta={'a': 1})):
        torch.save(content, path)
        read, meta = read_checkpoint(path)
        assert read == state
        assert meta == content.get('meta', {})
    for other in (dict(state, epoch=3), {}, [1], dict(state_dict=3)):
        torch.save(other, path)
        with pytest.raises(ValueError, match='a.pth'):
            read_checkpoint(path)


def work_dir(path, name, named=None):
    """A work dir with a checkpoint, and what ``last_checkpoint`` says."""
    path.mkdir()
    torch.save(dict(a=torch.tensor(int(name[6:-4]))), path / name)
    (path / 'last_checkpoint').write_text(str(named or path / name))
    return path


def test_the_last_checkpoint_of_a_work_dir(tmp_path, monkeypatch):
    """Also of one that was moved or copied, or made by a relative path."""
    folder = work_dir(tmp_path / 'a', 'epoch_2.pth')
    torch.save(dict(a=torch.tensor(1)), folder / 'epoch_1.pth')
    assert load(folder)['a'] == 2
    copied = work_dir(tmp_path / 'b', 'epoch_2.pth', folder / 'epoch_2.pth')
    torch.save(dict(a=torch.tensor(3)), copied / 'epoch_2.pth')
    assert load(copied)['a'] == 3
    copied.rename(tmp_path / 'moved')
    shutil.rmtree(folder)
    assert load(tmp_path / 'moved')['a'] == 3
    monkeypatch.chdir(tmp_path)
    relative = work_dir(tmp_path / 'c', 'epoch_4.pth', './c/epoch_4.pth')
    assert load(relative)['a'] == load('c')['a'] == load('c/')['a'] == 4


def test_checkpoints_that_are_kept_elsewhere(tmp_path):
    """As CheckpointHook does with ``out_dir``."""
    elsewhere = work_dir(tmp_path / 'elsewhere', 'epoch_7.pth')
    (tmp_path / 'a').mkdir()
    last = tmp_path / 'a/last_checkpoint'
    last.write_text(f'{elsewhere}/epoch_7.pth\n')
    assert load(tmp_path / 'a')['a'] == 7
    (elsewhere / 'epoch_7.pth').unlink()
    with pytest.raises(FileNotFoundError, match='epoch_7.pth'):
        load(tmp_path / 'a')
    for nothing in (b'', b'\n', b'\xff\x00'):
        last.write_bytes(nothing)
        with pytest.raises(FileNotFoundError):
            load(tmp_path / 'a')
    last.unlink()
    with pytest.raises(FileNotFoundError, match='a has no last_checkpoint'):
        load(tmp_path / 'a')


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


@pytest.mark.parametrize('zipped', [True, False])
def test_any_damage(zipped, tmp_path):
    path = tmp_path / 'a.pth'
    state_dict = torch.nn.Linear(1, 1).state_dict()
    meta = dict(loss=np.float32(1), array=np.arange(3))
    torch.save(
        dict(state_dict=state_dict, meta=meta),
        path,
        _use_new_zipfile_serialization=zipped,
    )

    @fuzz(max_examples=80)
    @given(damaged(path.read_bytes()))
    def check(data):
        path.write_bytes(data)
        try:
            load(path)
        except ValueError as error:
            assert str(path) in str(error)

    check()


class _Quiet(http.server.SimpleHTTPRequestHandler):
    def log_message(self, *args):
        pass


@pytest.fixture
def address(tmp_path, monkeypatch):
    """Of a server of the folder ``served``."""
    monkeypatch.setattr(torch.hub, 'get_dir', lambda: str(tmp_path / 'hub'))
    (tmp_path / 'served').mkdir()
    server = http.server.ThreadingHTTPServer(
        ('127.0.0.1', 0),
        functools.partial(_Quiet, directory=tmp_path / 'served'),
    )
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f'http://127.0.0.1:{server.server_port}'
    server.shutdown()
    server.server_close()


def test_what_is_downloaded_is_not_executed(tmp_path, address):
    fired = tmp_path / 'fired'
    torch.save(Call(fire, str(fired)), tmp_path / 'served/evil.pth')
    with pytest.raises(ValueError, match='is refused'):
        load(f'{address}/evil.pth')
    assert not fired.exists()
    content = dict(state_dict=dict(a=torch.ones(2)), loss=np.float64(3))
    torch.save(content, tmp_path / 'served/good.pth')
    assert load(f'{address}/good.pth')['loss'] == 3
    (tmp_path / 'served/good.pth').unlink()
    assert load(f'{address}/good.pth')['loss'] == 3  # is kept
