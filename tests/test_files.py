"""Files and folders that are whole or absent."""

import pytest
from fuzz import damaged, fuzz
from hypothesis import given

from projects.ikem.files import read_json_dict, replace_folder, written_aside


def names(folder):
    return sorted(path.name for path in folder.iterdir())


def test_a_file_appears_when_it_is_whole(tmp_path):
    path = tmp_path / 'new/a.png'
    with written_aside(path) as aside:
        assert (aside.parent, aside.suffix) == (path.parent, '.png')
        aside.write_text('whole')
        assert not path.exists()
    assert path.read_text() == 'whole'
    assert names(path.parent) == ['a.png']


@pytest.mark.parametrize('error', [RuntimeError, KeyboardInterrupt])
def test_a_file_that_fails_leaves_the_old_one(tmp_path, error):
    path = tmp_path / 'a.txt'
    path.write_text('old')
    with pytest.raises(error), written_aside(path) as aside:
        aside.write_text('half')
        raise error
    assert path.read_text() == 'old'
    assert names(tmp_path) == ['a.txt']


def test_a_full_device_is_named(tmp_path):
    """/dev/full takes nothing; its own error does not say where."""
    path = tmp_path / 'a.txt'
    with pytest.raises(OSError, match=r'No space left.*a\.txt'):
        with written_aside(path):
            with open('/dev/full', 'w') as file:
                file.write('x')
    assert names(tmp_path) == []


def make_folder(path, text):
    path.mkdir()
    (path / 'a.txt').write_text(text)
    return path


def test_a_folder_is_replaced(tmp_path):
    new = make_folder(tmp_path / 'new', 'new')
    path = make_folder(tmp_path / 'out', 'old')
    replace_folder(new, path)
    assert (path / 'a.txt').read_text() == 'new'
    assert names(tmp_path) == ['out']


def test_a_folder_that_cannot_be_replaced_stays(tmp_path):
    path = make_folder(tmp_path / 'out', 'old')
    with pytest.raises(FileNotFoundError):
        replace_folder(tmp_path / 'no', path)
    assert (path / 'a.txt').read_text() == 'old'
    assert names(tmp_path) == ['out']


@fuzz(max_examples=100)
@given(damaged(b'{"finished": true, "data": {"a": "0"}, "checkpoint": "1"}'))
def test_any_json(tmp_path, data):
    path = tmp_path / 'record.json'
    path.write_bytes(data)
    try:
        assert isinstance(read_json_dict(path), dict)
    except ValueError as error:
        assert str(path) in str(error)


def test_json_as_deep_as_it_gets(tmp_path):
    path = tmp_path / 'record.json'
    path.write_bytes(b'[' * 100_000)
    with pytest.raises(ValueError, match='record.json'):
        read_json_dict(path)
