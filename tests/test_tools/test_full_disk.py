"""What writes says what it could not write, and leaves nothing by halves."""

import resource
import runpy
import sys
from contextlib import contextmanager

import numpy as np
import pytest
import torch
from conftest import write_prepared
from helpers import CONFIGS, ROOT, tiny
from mmaction.registry import METRICS, MODELS
from mmengine.config import Config
from released import make

from projects.ikem.datasets.prepared import add_split, read_annotations
from projects.ikem.datasets.sources import preprocessing_chain
from projects.ikem.datasets.synthetic.kinect import write_skeleton
from projects.ikem.evaluation.fusion import Predictions


@contextmanager
def full_disk(size=20_000):
    """No file can have more bytes; the system says that it is too large.
    mmengine copies configs to /tmp, for which there is room."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


def run_tool(tool, *args):
    """Run a tool in this process, as its command would."""
    path = ROOT / tool
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sys, 'argv', [str(path), *map(str, args)])
        runpy.run_path(str(path), run_name='__main__')


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


def write_classifier(folder):
    """A config and a checkpoint of a tiny classifier."""
    name = 'linear/linear-3m_stgcn-slim_1xb128-100e_ntu60-xsub.py'
    cfg = tiny(Config.fromfile(CONFIGS / name), 'data', folder)
    cfg.dump(folder / 'config.py')
    meta = dict(
        num_persons=1,
        num_frames=8,
        preprocessing=preprocessing_chain('ntu-25', 8),
    )
    checkpoint = dict(
        state_dict=MODELS.build(cfg.model).state_dict(),
        meta=dict(dataset_meta=meta),
    )
    torch.save(checkpoint, folder / 'classifier.pth')


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
    write_classifier(folder)
    torch.save(make('encoder', 1), folder / 'released.pth')
    write_log(folder)
    write_predictions(folder)
    return folder


WRITERS = {
    'prepare': lambda given, out: run_tool(
        *('tools/data/prepare_ntu.py', given / 'raw', out),
        *('--dataset', 'ntu60', '--workers', 1),
    ),
    'synthetic': lambda given, out: run_tool(
        *('tools/data/make_synthetic.py', out),
        *('--subjects', 1, '--repetitions', 1, '--workers', 1),
    ),
    'fuse': lambda given, out: run_tool(
        *('tools/analysis_tools/fuse_scores.py', given / 'a.npz'),
        *('--out', f'{out}.npz'),
    ),
    'convert': lambda given, out: run_tool(
        *('tools/model_converters/convert_released.py', '--modality=bone'),
        *(given / 'released.pth', out),
    ),
    'export': lambda given, out: run_tool(
        *('tools/deployment/export_onnx.py', given / 'config.py'),
        *(given / 'classifier.pth', '--out', out),
    ),
    'plot': lambda given, out: run_tool(
        *('tools/visualizations/plot_curves.py', *[given / 'run'] * 4),
        *('--out', f'{out}.png'),
    ),
}


@pytest.mark.parametrize('write', WRITERS.values(), ids=WRITERS)
def test_a_full_disk(write, given, tmp_path, capsys):
    with full_disk(), pytest.raises(SystemExit) as caught:
        write(given, tmp_path / 'out')
    message = str(caught.value)
    assert 'File too large' in message
    assert str(tmp_path / 'out') in message
    assert '\n' not in message
    assert contents(tmp_path) == {}


@pytest.mark.parametrize('write', WRITERS.values(), ids=WRITERS)
def test_a_folder_that_cannot_be_made(write, given, tmp_path, capsys):
    (tmp_path / 'file').write_text('no folder')
    with pytest.raises(SystemExit) as caught:
        write(given, tmp_path / 'file/out')
    message = str(caught.value)
    assert str(tmp_path / 'file') in message
    assert '\n' not in message
    assert list(contents(tmp_path).values()) == [b'no folder']


def test_a_prepared_folder_is_replaced_by_a_whole_one(given, tmp_path, capsys):
    out = write_prepared(tmp_path / 'out')
    before = contents(tmp_path)
    args = ('--dataset', 'ntu60', '--workers', 1, '--overwrite')
    with full_disk(), pytest.raises(SystemExit, match='too large.*/out'):
        run_tool('tools/data/prepare_ntu.py', given / 'raw', out, *args)
    assert contents(tmp_path) == before


def test_synthetic_files_are_replaced_by_all_others(tmp_path, capsys):
    out = tmp_path / 'out'
    out.mkdir()
    (out / 'old.skeleton').write_text('old')
    before = contents(tmp_path)
    args = ('--subjects', 1, '--workers', 1, '--overwrite')
    with full_disk(), pytest.raises(SystemExit, match='too large.*/out'):
        run_tool('tools/data/make_synthetic.py', out, *args)
    assert contents(tmp_path) == before


def test_a_split_is_added_or_not(tmp_path, capsys):
    out = write_prepared(tmp_path / 'out')
    before = contents(tmp_path)
    with full_disk(99), pytest.raises(SystemExit, match='large.*tions.json'):
        run_tool(
            *('tools/data/label_subset.py', out),
            *('--split', 'xsub_train', '--fraction', 0.5),
        )
    assert contents(tmp_path) == before
    add_split(out, 'few', ['clip01'])
    assert read_annotations(out)['split']['few'] == ['clip01']


def test_dumped_predictions(tmp_path):
    path = tmp_path / 'scores.npz'
    path.write_bytes(b'old')
    metric = METRICS.build(
        dict(type='DumpPredictions', out_file_path=str(path))
    )
    metric.process({}, [dict(frame_dir='a', pred_score=torch.ones(9999))])
    with full_disk(), pytest.raises(OSError, match='too large.*scores.npz'):
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


def test_tables_stay_as_they_were(suite, tmp_path, capsys):
    out = tmp_path / 'out'
    args = ('tools/reproduce.py', suite, '--work-dir', out)
    with pytest.raises(SystemExit) as caught:
        run_tool(*args)
    assert caught.value.code == 0
    before = contents(out)
    with full_disk(suite.stat().st_size), pytest.raises(SystemExit) as caught:
        run_tool(*args)
    assert 'too large' in str(caught.value)
    assert str(out / 'table_t.') in str(caught.value)
    after = contents(out)
    names = [name for name in before if name.name.startswith('t')]
    assert names
    assert [after[name] for name in names] == [before[name] for name in names]
    assert set(after) == set(before)


def test_a_record_is_written_or_not(suite, tmp_path, capsys):
    out = tmp_path / 'out'
    args = ('tools/reproduce.py', suite, '--work-dir', out)
    with full_disk(suite.stat().st_size), pytest.raises(SystemExit) as caught:
        run_tool(*args)
    assert caught.value.code not in (0, None)
    assert 'trivial/record.json' in capsys.readouterr().out
    assert not list(out.glob('trivial/*'))


def test_a_damaged_record_is_named(suite, tmp_path, capsys):
    (tmp_path / 'out/trivial').mkdir(parents=True)
    (tmp_path / 'out/trivial/record.json').write_text('{"finis')
    with pytest.raises(SystemExit, match='trivial/record.json') as caught:
        run_tool('tools/reproduce.py', suite, '--work-dir', tmp_path / 'out')
    assert '\n' not in str(caught.value)


def test_suites_in_a_folder_that_cannot_be_made(suite, capsys):
    with pytest.raises(SystemExit, match='reproduce.py: .*suite.py') as caught:
        run_tool('tools/reproduce.py', suite, '--work-dir', suite / 'out')
    assert '\n' not in str(caught.value)
