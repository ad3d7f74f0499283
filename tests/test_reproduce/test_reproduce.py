"""What is run, when, and what of it; tools/train.py has a stand-in except in
the last test."""

import fcntl
import json
import multiprocessing
import os
import shutil
import signal
import sys
import time
from pathlib import Path

import helpers
import numpy as np
import pytest
from helpers import ROOT, hear_ctrl_c

from projects.ikem.reproduce import reproduce
from projects.ikem.reproduce.options import forget_configs
from projects.ikem.work_dir import WorkDir

# dicts that tests change, and write as files
CONFIG = dict(
    model=dict(type='SkeletonClassifier', pretrained=None),
    optim_wrapper=dict(optimizer=dict(lr=0.5)),
    train_dataloader=dict(num_workers=1, dataset=dict(data_root='data')),
    val_dataloader=dict(dataset=dict(data_root='data')),
    train_cfg=dict(max_epochs=3),
    randomness=dict(seed=0),
)
LR = 'optim_wrapper.optimizer.lr'
LINEAR = dict(
    config='configs/linear.py', checkpoint_of={'model.pretrained': '{column}'}
)
ROW = dict(title='row', run='{column}_linear', metric='acc/top1')
SUITE = {
    'runs': {
        'a': dict(config='configs/a.py'),
        'b': dict(config='configs/a.py', options={LR: 0.6}),
        '{column}_linear': LINEAR,
    },
    'tables': {
        't': dict(
            title='Both',
            columns=['a', 'b'],
            rows=[ROW],
            published=dict(row=dict(a=42.0)),
        ),
        'u': dict(title='One', columns=['b'], rows=[ROW]),
    },
    'data': {'data': 'make data'},
}


def changed(tree, path, value):
    """A copy of a dict with another value at a path of keys."""
    key, *rest = path
    below = changed(tree[key], rest, value) if rest else value
    return {**tree, key: below}


class Root:
    """A repository whose suite, configs and data are a few files."""

    def __init__(self, path):
        self.path = path
        self.out = path / 'out'
        (path / 'tools').mkdir()
        trainer = Path(__file__).with_name('trainer.py')
        shutil.copy(trainer, path / 'tools/train.py')
        # somewhere else, with configs beside it
        self.suite = path / 'elsewhere/suite.py'
        self.write('data/annotations.json', {})
        self.write('elsewhere/configs/a.py', CONFIG)
        self.write('elsewhere/configs/linear.py', CONFIG)
        self.write('elsewhere/suite.py', SUITE)

    def write(self, name, fields):
        path = self.path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        lines = [f'{key} = {value!r}\n' for key, value in fields.items()]
        text = json.dumps(fields) if path.suffix == '.json' else ''.join(lines)
        path.write_text(text)
        forget_configs()  # as a new process would

    def run(self, seeds=(0,), **kwargs):
        kwargs.setdefault('folder', self.out)
        kwargs.setdefault('trainer', self.path / 'tools/train.py')
        return reproduce(str(self.suite), seeds, self.path, **kwargs)

    def start(self):
        """The command, in a process and from another folder."""

        def main():
            hear_ctrl_c()
            os.chdir('/')
            sys.exit(self.run())

        process = multiprocessing.get_context('fork').Process(target=main)
        process.start()
        return process

    def hold(self, name, epoch):
        """Let a training wait before an epoch."""
        (self.path / 'hold').write_text(f'out/{name} {epoch}')

    def wait_until_held(self):
        deadline = time.monotonic() + 240
        while not (self.path / 'held').exists():
            assert time.monotonic() < deadline
            time.sleep(0.02)

    def record(self, name):
        return WorkDir(self.out / name).record

    def times(self):
        """When each work that is there was finished."""
        folders = self.out.glob('seed*/*')
        names = [str(folder.relative_to(self.out)) for folder in folders]
        return {name: self.record(name).get('finished') for name in names}

    def epochs(self, name):
        """Those of each part of a training."""
        return [
            [json.loads(line)['step'] for line in log.open()]
            for log in sorted((self.out / name).glob('*/vis_data/*.json'))
        ]

    def table(self, name):
        return json.loads((self.out / f'table_{name}.json').read_text())


@pytest.fixture
def root(tmp_path):
    return Root(tmp_path)


def finished(root, before=()):
    """Works that were finished since."""
    before = dict(before)
    return {n for n, t in root.times().items() if t and t != before.get(n)}


ALL = {
    f'seed{s}/{n}{x}' for s in (0, 1) for n in 'ab' for x in ('', '_linear')
}


@pytest.mark.parametrize('jobs', [1, 3])
def test_runs_everything_once(root, jobs):
    assert root.run([0, 1], jobs=jobs) == 0
    times = root.times()
    assert finished(root) == ALL
    for seed in '01':  # each after what it needs
        record = root.record(f'seed{seed}/b_linear')
        assert times[f'seed{seed}/b'] <= record['began']
        text = (root.out / f'seed{seed}/b_linear/epoch_3.pth').read_text()
        assert text.count(f"'seed': {seed}") == 2
    assert root.run([0, 1], jobs=jobs) == 0
    assert root.times() == times
    table = root.table('t')
    cell = table['rows']['row']['a']
    # 0.5 at epoch 2, half as much at 1 and 3; seed / 100
    last = np.array([25.0, 26.0])
    assert cell['last']['mean'] == pytest.approx(last.mean())
    assert cell['last']['deviation'] == pytest.approx(last.std(ddof=1))
    assert cell['last']['values'] == pytest.approx({'0': 25.0, '1': 26.0})
    assert cell['best']['mean'] == pytest.approx(50.5)
    assert cell['published'] == 42.0
    assert table['missing'] == []
    linear = table['runs']['seed1/a_linear']
    assert linear['finished'] and linear['seconds'] >= 0
    assert 'model.pretrained=out/seed1/a/epoch_3.pth' in linear['command']
    assert table['environment']['cores'] == str(os.cpu_count())
    assert table['environment']['PyTorch']


@pytest.mark.parametrize('number', ['SIGINT', 'SIGTERM', 'SIGHUP'])
def test_stopped_and_called_again(root, number):
    root.hold('seed0/b', 3)
    process = root.start()
    root.wait_until_held()
    table = root.table('t')  # has what is there by now
    assert table['rows']['row']['a']['last']['n'] == 1
    assert len(table['missing']) == 1
    os.kill(process.pid, getattr(signal, number))
    process.join()
    assert process.exitcode == 130
    assert finished(root) == {'seed0/a', 'seed0/a_linear'}
    (root.path / 'hold').unlink()
    assert root.run() == 0  # nothing holds the lock any more
    assert root.epochs('seed0/b') == [[1, 2], [3]]
    assert not (root.out / 'stale').exists()
    assert root.table('t')['missing'] == []


def test_tables_and_seeds_restrict(root):
    assert root.run([1], only=['u']) == 0
    some = {'seed1/b', 'seed1/b_linear'}
    before = root.times()
    assert set(before) == some
    assert not (root.out / 'table_t.md').exists()
    root.run([0, 1])
    assert finished(root, before) == ALL - some


def test_dry_run_runs_nothing(root, capsys):
    assert root.run([0, 1], dry_run=True) == 0
    lines = capsys.readouterr().out.splitlines()
    names = {line.split(',')[0] for line in lines if line[0] == 's'}
    commands = [line.split() for line in lines if line[0] == ' ']
    assert names == ALL
    assert len(commands) == 8
    assert [
        *('python', 'tools/train.py', 'elsewhere/configs/a.py', '--resume'),
        *('--no-validate', '--work-dir', 'out/seed0/b', '--cfg-options'),
        *('randomness.seed=0', 'optim_wrapper.optimizer.lr=0.6'),
    ] in commands
    assert not root.out.exists()


def test_failed_run_and_those_that_need_it(root, capsys):
    (root.path / 'break').write_text('out/seed0/b 2')
    assert root.run() == 1
    out = capsys.readouterr().out
    assert 'seed0/b: FAILED' in out and 'it broke' in out
    assert finished(root) == {'seed0/a', 'seed0/a_linear'}
    cells = root.table('t')['rows']['row']
    assert cells['a']['last'] and not cells['b']['last']
    # resumed from the epoch before it broke
    before = root.times()
    (root.path / 'break').unlink()
    assert root.run() == 0
    assert finished(root, before) == {'seed0/b', 'seed0/b_linear'}
    assert root.epochs('seed0/b') == [[1], [2, 3]]
    assert 'it broke' in (root.out / 'seed0/b/output.log').read_text()
    assert not (root.out / 'stale').exists()


SUITE_FILE = 'elsewhere/suite.py'
A, LINEAR_CONFIG = 'elsewhere/configs/a.py', 'elsewhere/configs/linear.py'
BOTH = {'a_linear', 'b_linear'}


@pytest.mark.parametrize(
    'name, fields, path, value, expected',
    [
        (
            *(SUITE_FILE, SUITE, ['runs', 'b', 'options', LR], 0.7),
            {'b', 'b_linear'},
        ),
        (SUITE_FILE, SUITE, ['runs', 'a', 'amp'], True, {'a', 'a_linear'}),
        # b has an option for it
        (A, CONFIG, LR.split('.'), 0.4, {'a', 'a_linear'}),
        (A, CONFIG, ['load_from'], 'x', {'a', 'b', *BOTH}),
        (LINEAR_CONFIG, CONFIG, ['train_cfg', 'max_epochs'], 4, BOTH),
        (LINEAR_CONFIG, CONFIG, ['val_dataloader', 'batch_size'], 2, BOTH),
        ('data/annotations.json', {}, ['a'], 1, {'a', 'b', *BOTH}),
    ],
)
def test_stale(root, name, fields, path, value, expected, capsys):
    root.run()
    before = root.times()
    root.write(name, changed(fields, path, value))
    capsys.readouterr()
    root.run(dry_run=True)
    assert f'{len(expected)} of 4 to run' in capsys.readouterr().out
    assert root.run() == 0
    assert finished(root, before) == {f'seed0/{name}' for name in expected}
    for run in expected:  # nothing is lost
        old = root.out / f'stale/seed0/{run}.1'
        assert (old / 'epoch_3.pth').exists()
        assert (old / 'output.log').read_text() == 'trained\n'
        record = json.loads((old / 'record.json').read_text())
        assert record['finished'] == before[f'seed0/{run}']


def test_what_does_not_change_the_result(root):
    root.run()
    before = root.times()
    same = changed(CONFIG, ['train_dataloader', 'num_workers'], 2)
    same.update(left=1, work_dir='x', test_cfg=dict(a=1))
    root.write(LINEAR_CONFIG, same)
    # a is not validated, and reads no data for it
    root.write(A, changed(same, ['val_dataloader', 'batch_size'], 2))
    assert root.run() == 0
    assert root.times() == before


def test_a_config_that_changes_while_a_suite_runs(root):
    """Counts from the next run on, and shows in the tables."""
    root.hold('seed0/a', 2)
    process = root.start()
    root.wait_until_held()
    root.write(A, changed(CONFIG, ['optim_wrapper', 'optimizer', 'lr'], 0.4))
    (root.path / 'hold').unlink()
    process.join()
    assert process.exitcode == 1
    assert root.table('u')['missing'] == []
    assert len(root.table('t')['missing']) == 1
    assert root.run() == 0
    assert (root.out / 'stale/seed0/a.1').is_dir()


def test_the_dependants_of_a_run_that_is_trained_anew(root):
    root.run()
    before = root.times()
    shutil.rmtree(root.out / 'seed0/b')
    assert root.run() == 0
    assert finished(root, before) == {'seed0/b', 'seed0/b_linear'}


def test_folders_without_a_record_are_moved_aside(root, capsys):
    """Those of an earlier version, or of a training by hand."""
    root.run()
    (root.out / 'seed0/a/record.json').rename(root.out / 'seed0/a.json')
    capsys.readouterr()
    assert root.run() == 0
    assert 'seed0/a: it has no record' in capsys.readouterr().out
    assert (root.out / 'stale/seed0/a.1/epoch_3.pth').exists()
    assert root.epochs('seed0/a') == [[1, 2, 3]]


def test_a_metric_that_is_not_there_is_named(root):
    row = dict(ROW, metric='acc/top2')
    root.write(SUITE_FILE, changed(SUITE, ['tables', 'u', 'rows'], [row]))
    assert root.run() == 1
    (reason,) = root.table('u')['missing']
    assert 'acc/top2' in reason and 'acc/top1' in reason


PRETRAINED = ['runs', '{column}_linear', 'checkpoint_of']


@pytest.mark.parametrize(
    'path, value, name',
    [
        (PRETRAINED, {'model.pretrained': 'c'}, 'a_linear -> c'),
        (PRETRAINED, {'model.pretraind': 'a'}, 'model.pretrained'),
        (['runs', 'a'], dict(cfg='configs/a.py'), 'cfg'),
        (['runs', 'a', 'config'], 'c.py', 'elsewhere/c.py'),
        (['runs', 'a'], {}, 'baselines'),
        (['runs', 'a'], dict(baselines='data'), 'checkpoint'),
        (
            ['runs', 'a', 'checkpoint_of'],
            {'model.pretrained': 'a_linear'},
            'a_linear -> a -> a_linear',
        ),
        (['runs'], {'{column}_linear': LINEAR}, 'a_linear -> a'),
        (['tables', 't', 'published'], dict(x={}), 'x'),
        (['tables', 't', 'published'], dict(row=dict(c=1)), 'published'),
        (['tables'], {}, 'tables'),
        (['table'], {}, 'table'),
        (['runs ='], {}, 'suite.py'),  # a syntax error
    ],
)
def test_wrong_suites(root, path, value, name):
    root.write(SUITE_FILE, changed(SUITE, path, value))
    with pytest.raises(ValueError, match=name):
        root.run()
    assert not root.out.exists()


def test_missing_data(root):
    shutil.rmtree(root.path / 'data')
    with pytest.raises(FileNotFoundError, match='make data'):
        root.run()
    assert not root.out.exists()


def test_a_folder_that_options_cannot_name(root):
    with pytest.raises(ValueError, match='my suite'):
        root.run(folder=root.path / 'my suite')
    assert not (root.path / 'my suite').exists()


def test_one_at_a_time(root):
    """Also where a run outlived its command."""
    root.hold('seed0/a', 2)
    process = root.start()
    root.wait_until_held()
    process.kill()
    process.join()
    with pytest.raises(ValueError, match='out'):
        root.run()
    (root.path / 'hold').unlink()
    with (root.out / 'lock').open() as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)  # until the run has ended
    assert root.run() == 0
    assert root.epochs('seed0/a') == [[1, 2, 3]]


def test_names_of_suites():
    with pytest.raises(FileNotFoundError, match='ntu60'):
        reproduce('ntu6', [0], ROOT)


def test_with_the_real_training(prepared_ntu, tmp_path):
    """A tiny pre-training, its evaluation and the trivial baselines."""
    tiny = {
        'model.backbone.base_channels': 4,
        'model.backbone.out_channels': 8,
        'model.data_preprocessor.modalities': ['joint'],
        'train_cfg.max_epochs': 2,
    }
    loader = {'dataset.data_root': prepared_ntu, 'batch_size': 4}
    loader.update(num_workers=0, persistent_workers=False)
    for part in ('train', 'val'):
        tiny.update({f'{part}_dataloader.{k}': v for k, v in loader.items()})
    best = {'default_hooks.checkpoint.save_best': 'acc/top1'}
    runs = dict(
        joint=dict(
            config=str(helpers.SKELETONCLR_JOINT),
            options={**tiny, 'model.bank_size': 16},
        ),
        linear=dict(
            config=str(helpers.LINEAR),
            options={**tiny, **best},
            checkpoint_of={'model.pretrained': 'joint'},
        ),
        baselines=dict(baselines=prepared_ntu),
    )
    rows = [
        dict(title='joint', run='linear', metric='acc/top1'),
        dict(title='ridge', run='baselines', metric='{column}/ridge'),
    ]
    tables = dict(t=dict(title='T', columns=['xsub'], rows=rows))
    path = tmp_path / 'real.py'
    path.write_text(f'runs = {runs!r}\ntables = {tables!r}')
    out = tmp_path / 'out'
    assert reproduce(str(path), [3], ROOT, folder=out, jobs=2) == 0
    rows = json.loads((out / 'table_t.json').read_text())['rows']
    accuracy = WorkDir(out / 'seed3/linear').accuracy('acc/top1')
    assert WorkDir(out / 'seed3/joint').logs['loss'].keys() == {1, 2}
    assert rows['joint']['xsub']['last']['mean'] == 100 * accuracy.last
    assert rows['joint']['xsub']['best']['mean'] == 100 * accuracy.best
    assert 0 <= rows['ridge']['xsub']['last']['mean'] <= 100
    before = (out / 'seed3/joint/record.json').read_text()
    assert reproduce(str(path), [3], ROOT, folder=out) == 0
    assert (out / 'seed3/joint/record.json').read_text() == before
