"""What writes says what it could not write, and leaves nothing by halves."""

import resource
from contextlib import contextmanager

import numpy as np
import pytest
import torch
from commands import fail, run_tool, succeed
from conftest import write_prepared
from helpers import write_classifier
from mmaction.registry import METRICS
from released import make

from projects.ikem.datasets.prepared import add_splits, read_annotations
from projects.ikem.datasets.synthetic.kinect import write_skeleton
from projects.ikem.evaluation.fusion import Predictions

# No file can have more bytes; the system says that it is too large. mmengine
# copies configs to /tmp, for which there is room.
FULL = 20_000


@contextmanager
def full_disk():
    """A full disk of this process."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (FULL, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


def contents(folder):
    """All that is in a folder."""
    return {
        path.relative_to(folder): path.is_file() and path.read_bytes()
        for path in folder.rglob('*')
    }


def write_raw(folder):
    folder.mkdir()
    joints = np.random.default_rng(0).normal(size=(1, 4, 25, 3)) + [0, 0, 9]
    for camera in (1, 2):
        name = f'S001C00{camera}P001R001A001.skeleton'
        write_skeleton(folder / name, joints)


def write_log(folder):
    log = folder / 'run/1/vis_data/scalars.json'
    log.parent.mkdir(parents=True)
    log.write_text('{"loss_joint": 1.5, "epoch": 1}\n')


def write_predictions(folder):
    names = [f'clip{i}' for i in range(99)]
    path = str(folder / 'a.npz')
    Predictions(path, names, np.arange(99), np.eye(99)).save(path)


@pytest.fixture(scope='module')
def given(tmp_path_factory):
    """What the tools read."""
    folder = tmp_path_factory.mktemp('given')
    write_raw(folder / 'raw')
    write_classifier(folder, 'joint', num_persons=1)
    torch.save(make('encoder', 1), folder / 'released.pth')
    write_log(folder)
    write_predictions(folder)
    return folder


WRITERS = {
    'prepare': lambda given, out: (
        *('tools/data/prepare_ntu.py', given / 'raw', out),
        *('--dataset', 'ntu60', '--workers', 1),
    ),
    'synthetic': lambda given, out: (
        *('tools/data/make_synthetic.py', out),
        *('--subjects', 1, '--repetitions', 1, '--workers', 1),
    ),
    'fuse': lambda given, out: (
        *('tools/analysis_tools/fuse_scores.py', given / 'a.npz'),
        *('--out', f'{out}.npz'),
    ),
    'convert': lambda given, out: (
        *('tools/model_converters/convert_released.py', '--modality=bone'),
        *(given / 'released.pth', out),
    ),
    'export': lambda given, out: (
        *('tools/deployment/export_onnx.py', given / 'tiny.py'),
        *(given / 'tiny.pth', '--out', out),
    ),
    'plot': lambda given, out: (
        *('tools/visualizations/plot_curves.py', *[given / 'run'] * 4),
        *('--out', f'{out}.png'),
    ),
}
writers = pytest.mark.parametrize('command', WRITERS.values(), ids=WRITERS)


def too_large(file, *command, max_bytes=FULL):
    """A command fails for want of room for a file."""
    line = fail(*command, max_bytes=max_bytes)
    assert 'too large' in line and str(file) in line


@writers
def test_a_full_disk(command, given, tmp_path):
    out = tmp_path / 'out'
    too_large(out, *command(given, out))
    assert contents(tmp_path) == {}


@writers
def test_a_folder_that_cannot_be_made(command, given, tmp_path):
    file = tmp_path / 'file'
    file.write_text('no folder')
    assert str(file) in fail(*command(given, file / 'out'))
    assert list(contents(tmp_path).values()) == [b'no folder']


@pytest.mark.parametrize('name', ['prepare', 'synthetic'])
def test_what_was_there_is_replaced_by_a_whole_or_stays(name, given, tmp_path):
    out = tmp_path / 'out'
    if name == 'prepare':
        write_prepared(out)
    else:
        out.mkdir()
        (out / 'old.skeleton').write_text('old')
    before = contents(tmp_path)
    too_large(out, *WRITERS[name](given, out), '--overwrite')
    assert contents(tmp_path) == before


def test_a_split_is_added_or_not(tmp_path):
    out = write_prepared(tmp_path / 'out')
    before = contents(tmp_path)
    args = ('--split', 'xsub_train', '--fraction', 0.5)
    command = ('tools/data/label_subset.py', out, *args)
    too_large('annotations.json', *command, max_bytes=999)
    assert contents(tmp_path) == before
    add_splits(out, {'few': ['clip01']})
    assert read_annotations(out)['split']['few'] == ['clip01']


def test_dumped_predictions(tmp_path):
    path = tmp_path / 'scores.npz'
    path.write_bytes(b'old')
    metric = METRICS.build(
        dict(type='DumpPredictions', out_file_path=str(path))
    )
    metric.process({}, [dict(frame_dir='a', pred_score=torch.ones(9999))])
    with full_disk(), pytest.raises(OSError, match='scores.npz'):
        metric.evaluate(1)
    assert list(contents(tmp_path).values()) == [b'old']


SUITE = """
runs = dict(trivial=dict(baselines={data!r}))
tables = dict(t=dict(
    title='Trivial', columns=['xsub'],
    rows=[dict(title='ridge', run='trivial', metric='{{column}}/ridge')]))
data = dict()
"""


@pytest.fixture
def suite(tmp_path, prepared_ntu):
    pytest.importorskip('sklearn')
    path = tmp_path / 'suite.py'
    path.write_text(SUITE.format(data=prepared_ntu))
    return path


def reproduce(suite, out):
    return 'tools/reproduce.py', suite, '--work-dir', out


def test_tables_stay_as_they_were(suite, tmp_path):
    out = tmp_path / 'out'
    succeed(*reproduce(suite, out))
    before = contents(out)
    size = suite.stat().st_size
    too_large(out / 'table_t.', *reproduce(suite, out), max_bytes=size)
    after = contents(out)
    names = [name for name in before if name.name.startswith('t')]
    assert names
    assert [after[name] for name in names] == [before[name] for name in names]
    assert set(after) == set(before)


def test_a_record_is_written_or_not(suite, tmp_path):
    out = tmp_path / 'out'
    size = suite.stat().st_size
    result = run_tool(*reproduce(suite, out), max_bytes=size)
    assert result.returncode != 0
    assert 'trivial/record.json' in result.stdout
    assert not list(out.glob('trivial/*'))


def test_a_damaged_record_is_named(suite, tmp_path):
    (tmp_path / 'out/trivial').mkdir(parents=True)
    (tmp_path / 'out/trivial/record.json').write_text('{"finis')
    line = fail(*reproduce(suite, tmp_path / 'out'))
    assert 'trivial/record.json' in line


def test_suites_in_a_folder_that_cannot_be_made(suite):
    assert str(suite) in fail(*reproduce(suite, suite / 'out'))
