"""Reader of what mmengine logged, on good and broken files."""

import json

import pytest
from fuzz import damaged, fuzz
from hypothesis import given
from hypothesis import strategies as st
from mmengine.visualization import LocalVisBackend

from projects.ikem.engine.logs import read_logs


def log_of(work_dir, run='1'):
    path = work_dir / run / 'vis_data/scalars.json'
    path.parent.mkdir(parents=True, exist_ok=True)
    return path


@fuzz(max_examples=30)
@given(
    values=st.lists(
        st.dictionaries(
            st.sampled_from(['loss', 'acc/top1', 'lr']),
            st.floats(allow_nan=False),
        ),
        max_size=6,
    )
)
def test_what_mmengine_wrote(tmp_path, values):
    log_of(tmp_path).unlink(missing_ok=True)
    backend = LocalVisBackend(str(log_of(tmp_path).parent))
    expected = {}
    for epoch, entry in enumerate(values, 1):
        backend.add_scalars(dict(entry, epoch=epoch))
        for name, value in entry.items():
            expected.setdefault(name, {})[epoch] = value
    log_of(tmp_path).touch()  # mmengine makes it with the first entry
    read = read_logs(tmp_path)
    assert {k: v for k, v in read.items() if k not in ('epoch', 'step')} == (
        expected
    )


def test_numbers_alone_are_read(tmp_path):
    entry = dict(epoch=1, loss=2.5, matrix=[[1, 0]], note='x', none=None)
    log_of(tmp_path).write_text(json.dumps(entry) + '\n')
    assert read_logs(tmp_path) == dict(epoch={1: 1}, loss={1: 2.5})


def test_a_damaged_line_is_named(tmp_path):
    log_of(tmp_path).write_text('{"epoch": 1}\n{"epo\n{"epoch": 3}\n')
    with pytest.raises(ValueError, match='scalars.json:2'):
        read_logs(tmp_path)


@fuzz(max_examples=150)
@given(damaged(b'{"loss": 1.5, "epoch": 1}\n{"acc/top1": 0.5, "step": 1}\n'))
def test_any_damage(tmp_path, data):
    log_of(tmp_path).write_bytes(data)
    try:
        read = read_logs(tmp_path)
    except ValueError as error:
        assert str(log_of(tmp_path)) in str(error)
    else:
        for curve in read.values():
            assert all(isinstance(epoch, int) for epoch in curve)
            assert all(isinstance(v, (int, float)) for v in curve.values())
