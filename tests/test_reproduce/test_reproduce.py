"""What is run, when, and what of it; tools/train.py has a stand-in but in the
last test."""

import json
import os
import runpy
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
from helpers import ROOT, hear_ctrl_c

from projects.ikem.reproduce import reproduce
from projects.ikem.reproduce.history import read_history
from projects.ikem.reproduce.identity import data_hash

CONFIG = """
model = dict(type='SkeletonCLR', quality=0.5, fail=0, pretrained=None)
train_dataloader = dict(num_workers=1, dataset=dict(data_root='data'))
val_dataloader = dict(dataset=dict(data_root='data'))
train_cfg = dict(max_epochs=3)
randomness = dict(seed=0)
"""
SUITE = """
runs = dict(
    a=dict(config='a.py'),
    b=dict(config='a.py', options={'model.quality': 0.6}),
    a_linear=dict(config='linear.py', checkpoint_of={'model.pretrained': 'a'}),
    b_linear=dict(config='linear.py', checkpoint_of={'model.pretrained': 'b'}),
)
tables = dict(
    t=dict(title='Both', columns=['a', 'b'], rows=dict(
        row=dict(run='{column}_linear', metric='acc/top1',
                 published=dict(a=42.0)))),
    u=dict(title='One', columns=['b'], rows=dict(
        row=dict(run='b_linear', metric='acc/top1'))),
)
data = dict(data='make data')
"""


@pytest.fixture
def root(tmp_path):
    (tmp_path / 'tools').mkdir()
    trainer = Path(__file__).with_name('trainer.py')
    shutil.copy(trainer, tmp_path / 'tools/train.py')
    (tmp_path / 'data').mkdir()
    (tmp_path / 'data/annotations.json').write_text('{}')
    for name in ('a.py', 'linear.py'):
        (tmp_path / name).write_text(CONFIG)
    (tmp_path / 'suite.py').write_text(SUITE)
    return tmp_path


def run(root, seeds=(0, 1), **kwargs):
    kwargs.setdefault('folder', root / 'out')
    return reproduce(str(root / 'suite.py'), seeds, root, **kwargs)


def change(root, old, new, name='suite.py'):
    """Of a suite, or of a config: the next call is as in a new process."""
    from projects.ikem.reproduce.options import _base_config

    text = (root / name).read_text()
    assert old in text
    (root / name).write_text(text.replace(old, new))
    _base_config.cache_clear()


def started(capsys):
    lines = capsys.readouterr().out.splitlines()
    return {line.split()[2][:-1] for line in lines if line.endswith('started')}


ALL = {
    f'seed{s}/{n}{x}' for s in (0, 1) for n in 'ab' for x in ('', '_linear')
}


@pytest.mark.parametrize('jobs', [1, 3])
def test_runs_everything_once(root, jobs, capsys):
    assert run(root, jobs=jobs) == 0
    out = capsys.readouterr().out
    assert out.count('started') == out.count('done in') == 8
    assert '[8/8]' in out
    for seed in '01':  # each after what it needs
        assert out.index(f'seed{seed}/b: done') < out.index(
            f'seed{seed}/b_linear: started'
        )
    assert run(root, jobs=jobs) == 0
    assert started(capsys) == set()


def test_tables(root):
    run(root)
    table = json.loads((root / 'out/table_t.json').read_text())
    cell = table['rows']['row']['a']
    # quality 0.5 at epoch 2, half as much at 1 and 3; seed / 100
    last = np.array([25.0, 26.0])
    assert cell['last']['mean'] == pytest.approx(last.mean())
    assert cell['last']['deviation'] == pytest.approx(last.std(ddof=1))
    assert cell['last']['n'] == 2
    assert cell['last']['values'] == pytest.approx({'0': 25.0, '1': 26.0})
    assert cell['best']['mean'] == pytest.approx(50.5)
    assert cell['published'] == 42.0
    assert table['missing'] == []
    linear = table['runs']['seed1/a_linear']
    assert linear['finished'] and linear['seconds'] >= 0
    assert 'model.pretrained=out/seed1/a/epoch_3.pth' in linear['command']
    assert table['machine']['cores'] == os.cpu_count()
    assert table['versions']['torch']
    text = (root / 'out/table_t.md').read_text()
    assert '| | a last | a best | a published | b last | b best |' in text
    assert '| row | 25.5 ± 0.7 (2) | 50.5 ± 0.7 (2) | 42.0 |' in text


def test_tables_and_seeds_restrict(root, capsys):
    assert run(root, seeds=[1], only=['u']) == 0
    assert started(capsys) == {'seed1/b', 'seed1/b_linear'}
    assert not (root / 'out/table_t.md').exists()
    run(root)
    assert started(capsys) == ALL - {'seed1/b', 'seed1/b_linear'}


def test_dry_run_runs_nothing(root, capsys):
    assert run(root, dry_run=True) == 0
    out = capsys.readouterr().out
    assert '8 of 8 to run' in out
    assert 'seed1/a_linear, after seed1/a\n' in out
    assert (
        'python tools/train.py a.py --resume --no-validate --work-dir '
        'out/seed0/b --cfg-options randomness.seed=0 model.quality=0.6\n'
    ) in out
    assert not (root / 'out').exists()


def test_failed_run_and_those_that_need_it(root, capsys):
    change(root, "'model.quality': 0.6", "'model.fail': 2")
    assert run(root, seeds=[0]) == 1
    out = capsys.readouterr().out
    assert 'seed0/b: FAILED: exit status 1' in out and 'it broke' in out
    assert 'seed0/b_linear: skipped, needs seed0/b' in out
    assert 'seed0/a_linear: done' in out
    assert '2 done, 0 present, 1 failed, 1 skipped of 4' in out
    text = (root / 'out/table_t.md').read_text()
    assert '| row | 25.0 (1) | 50.0 (1) | 42.0 | - | - |' in text
    assert '- seed0/b_linear is not done\n' in text
    # resumed from the epoch before it broke, without moving it aside
    (root / 'mended').touch()
    assert run(root, seeds=[0]) == 0
    assert started(capsys) == {'seed0/b', 'seed0/b_linear'}
    history = (root / 'out/seed0/b').glob('*/vis_data/scalars.json')
    steps = [
        json.loads(line)['step']
        for log in sorted(history)
        for line in log.read_text().splitlines()
    ]
    assert steps == [1, 2, 3]
    assert 'it broke' in (root / 'out/seed0/b.log').read_text()
    assert not list(root.glob('out/seed0/*stale*'))


@pytest.mark.parametrize(
    'name, old, new, stale, reason',
    [
        ('suite.py', '0.6', '0.7', 'b', 'model.quality changed'),
        ('a.py', '0.5', '0.4', 'a', 'model.quality changed'),
        ('linear.py', '=3', '=4', 'linear', 'train_cfg.max_epochs changed'),
        ('data/annotations.json', '{}', '{"a": 1}', 'all', 'its data changed'),
    ],
)
def test_stale(root, name, old, new, stale, reason, capsys):
    run(root, seeds=[0])
    change(root, old, new, name)
    expected = {
        'a': {'a', 'a_linear'},
        'b': {'b', 'b_linear'},
        'linear': {'a_linear', 'b_linear'},
        'all': {'a', 'a_linear', 'b', 'b_linear'},
    }[stale]
    capsys.readouterr()
    run(root, seeds=[0], dry_run=True)
    out = capsys.readouterr().out
    assert f', anew: {reason}' in out
    assert f'{len(expected)} of 4 to run' in out
    assert run(root, seeds=[0]) == 0
    out = capsys.readouterr().out
    assert f'{reason}; the old run is now ' in out
    folder = root / 'out/seed0'
    assert {p.name for p in folder.glob('*.stale1')} == {
        f'{run}.stale1' for run in expected
    }
    for run_name in expected:  # nothing is lost
        assert (folder / f'{run_name}.stale1/epoch_3.pth').exists()
        assert (folder / f'{run_name}.stale1.log').read_text() == 'trained\n'
        assert (folder / f'{run_name}.stale1.json').exists()
        record = json.loads((folder / f'{run_name}.json').read_text())
        assert record['finished']


def test_what_does_not_change_the_result_does_not_make_it_stale(root, capsys):
    run(root, seeds=[0])
    capsys.readouterr()
    for name in ('a.py', 'linear.py'):
        change(root, 'num_workers=1', 'num_workers=2', name)
        change(root, 'model', '# a comment\nleft = 1\nmodel', name)
    # a is not validated, and reads no data for it
    change(
        root, 'val_dataloader = dict(', 'val_dataloader = dict(x=1, ', 'a.py'
    )
    assert run(root, seeds=[0]) == 0
    assert started(capsys) == set()


def test_the_dependants_of_a_run_that_is_trained_anew(root, capsys):
    run(root, seeds=[0], only=['u'])
    shutil.rmtree(root / 'out/seed0/b')
    change(
        root,
        'randomness = dict(seed=0)',
        'randomness = dict(seed=0, x=1)',
        'a.py',
    )
    capsys.readouterr()
    assert run(root, seeds=[0], only=['u']) == 0
    out = capsys.readouterr().out
    assert 'seed0/b_linear: b was trained anew; the old run is now' in out


def test_what_somebody_else_trained_is_taken(root, capsys):
    """By the config in its folder; what is of another is moved aside."""
    run(root, seeds=[0])
    out = root / 'out/seed0'
    for record in out.glob('*.json'):
        record.unlink()
    dumped = (out / 'a_linear/linear.py').read_text()
    assert "'out/seed0/a/" in dumped
    (out / 'a_linear/linear.py').write_text(
        dumped.replace("'out/seed0/a/", f"'{out}/a/")
    )
    before = (out / 'a/epoch_3.pth').stat().st_mtime_ns
    capsys.readouterr()
    assert run(root, seeds=[0]) == 0
    assert 'old run' not in capsys.readouterr().out
    assert (out / 'a/epoch_3.pth').stat().st_mtime_ns == before
    # an evaluation that is older than the checkpoint is none of it
    (out / 'a_linear.json').unlink()
    os.utime(out / 'a/epoch_3.pth')
    run(root, seeds=[0])
    assert 'seed0/a_linear: a was trained anew' in capsys.readouterr().out
    (out / 'b.json').unlink()
    (out / 'b/a.py').unlink()
    run(root, seeds=[0])
    assert 'seed0/b: it has another config' in capsys.readouterr().out


def test_a_metric_that_is_not_there_is_named(root):
    change(root, "metric='acc/top1'))", "metric='acc/top2'))")
    assert run(root, seeds=[0]) == 1
    text = (root / 'out/table_u.md').read_text()
    assert '| row | - | - |' in text
    assert 'b_linear logged no acc/top2; it has acc/top1\n' in text


@pytest.mark.parametrize(
    'old, new, message',
    [
        ("'model.pretrained': 'a'", "'model.pretrained': 'c'", 'no such run'),
        ("'model.pretrained': 'a'", "'model.pretraind': 'a'", 'no model.pret'),
        ('a=dict(config=', 'a=dict(cfg=', 'cfg'),
        ("a=dict(config='a.py'", "a=dict(config='c.py'", 'c.py is missing'),
        ("a=dict(config='a.py'", 'a=dict(', 'either `config` or `baselines`'),
        ("'{column}_linear'", "'{column}_linea'", 'needs a_linea: no such'),
        ('published=dict(a', 'published=dict(c', 'published'),
        ('tables = ', 'table = ', 'needs tables'),
        ('tables = ', 'tables ', 'syntax'),
        (
            "b=dict(config='a.py', options={'model.quality': 0.6})",
            "b=dict(baselines='data')",
            'checkpoint of b, which trains nothing',
        ),
        (
            "a=dict(config='a.py')",
            "a=dict(config='a.py', checkpoint_of={'model.x': 'a_linear'})",
            'need each other: a',
        ),
        ("data = dict(data='make data')", '', None),
    ],
)
def test_wrong_suites(root, old, new, message):
    change(root, old, new)
    if message is None:
        shutil.rmtree(root / 'data')
        message = 'data is missing: prepare it'
    with pytest.raises((ValueError, FileNotFoundError), match=message):
        run(root)
    assert not (root / 'out').exists()


def test_a_folder_that_options_cannot_name(root):
    with pytest.raises(ValueError, match='blank or a comma'):
        run(root, folder=root / 'my suite')
    assert not (root / 'my suite').exists()


def test_other_splits_do_not_count(tmp_path):
    annotations = dict(annotations=[1], split=dict(train=['a'], val=['b']))
    path = tmp_path / 'annotations.json'

    def hashes():
        path.write_text(json.dumps(annotations))
        os.utime(path, ns=(0, next(times)))
        return data_hash(tmp_path, ['train']), data_hash(tmp_path)

    times = iter(range(10))
    before = hashes()
    annotations['split']['train_1pct'] = ['a']
    more = hashes()
    assert more[0] == before[0] and more[1] != before[1]
    annotations['split']['train'] = ['c']
    assert hashes()[0] != before[0]
    assert data_hash(tmp_path / 'no') is None


def test_one_at_a_time(root):
    (root / 'out').mkdir()
    # a run that outlived its command has inherited the lock
    with (root / 'out/lock').open('w') as lock:
        code = 'import fcntl, sys, time; fcntl.flock(int(sys.argv[1]), 2); '
        holder = subprocess.Popen(
            [
                sys.executable,
                '-c',
                f'{code}print(flush=True); time.sleep(60)',
                str(lock.fileno()),
            ],
            pass_fds=[lock.fileno()],
            stdout=subprocess.PIPE,
        )
    holder.stdout.readline()
    with pytest.raises(ValueError, match='something is running'):
        run(root)
    holder.kill()
    holder.communicate()
    assert run(root, seeds=[0], only=['u']) == 0


def test_errors_are_one_line(monkeypatch):
    tool = str(ROOT / 'tools/reproduce.py')
    monkeypatch.setattr(sys, 'argv', [tool, 'ntu6'])
    with pytest.raises(SystemExit) as leaving:
        runpy.run_path(tool, run_name='__main__')
    message = leaving.value.code
    assert message.startswith('reproduce.py: ') and "'ntu60'" in message
    assert '\n' not in message


REAL = """
tiny = {{
    'model.backbone.base_channels': 4, 'model.backbone.out_channels': 8,
    'train_dataloader.dataset.data_root': '{data}',
    'train_dataloader.batch_size': 4, 'train_dataloader.num_workers': 0,
    'train_dataloader.persistent_workers': False,
}}
evaluation = {{
    key.replace('train', 'val'): value for key, value in tiny.items()
}}
path = 'configs/{{}}_stgcn-slim_1xb128-{{}}e_ntu60-xsub.py'
runs = dict(
    joint=dict(
        config=path.format('skeletonclr/skeletonclr-joint', 300),
        options={{**tiny, 'model.bank_size': 16,
                 'default_hooks.checkpoint.interval': 1,
                 'train_cfg.max_epochs': 12}}),
    linear=dict(
        config=path.format('linear/linear-3m', 100),
        options={{**tiny, **evaluation, 'train_cfg.max_epochs': 2,
                 'model.data_preprocessor.modalities': ['joint'],
                 'default_hooks.checkpoint.save_best': 'acc/top1'}},
        checkpoint_of={{'model.pretrained': 'joint'}}),
    baselines=dict(baselines='{data}'),
)
tables = dict(t=dict(title='T', columns=['xsub'], rows=dict(
    joint=dict(run='linear', metric='acc/top1'),
    ridge=dict(run='baselines', metric='{{column}}/ridge'))))
del tiny, evaluation, path
"""


def test_interrupted_training_goes_on(prepared_ntu, tmp_path):
    """With the real thing: stopped after its second epoch, continued."""
    suite = tmp_path / 'real.py'
    suite.write_text(REAL.format(data=prepared_ntu))
    out = tmp_path / 'out'
    process = subprocess.Popen(
        [
            sys.executable,
            ROOT / 'tools/reproduce.py',
            suite,
            '--seeds',
            '3',
            '--work-dir',
            out,
        ],
        stdout=subprocess.PIPE,
        text=True,
        preexec_fn=hear_ctrl_c,
    )
    checkpoint = out / 'seed3/joint/epoch_2.pth'
    deadline = time.time() + 120
    while not checkpoint.exists() and time.time() < deadline:
        time.sleep(0.02)
    process.send_signal(signal.SIGINT)
    text, _ = process.communicate(timeout=60)
    assert process.returncode == 130
    assert 'stopped; the same command goes on' in text
    assert 'FAILED' not in text and 'skipped, ' not in text
    last = int(
        Path((out / 'seed3/joint/last_checkpoint').read_text()).stem[6:]
    )
    assert 1 <= last < 12

    assert reproduce(str(suite), [3], ROOT, folder=out, jobs=2) == 0
    parts = sorted((out / 'seed3/joint').glob('*/vis_data/scalars.json'))
    epochs = [
        [json.loads(line)['epoch'] for line in part.read_text().splitlines()]
        for part in parts
    ]
    assert epochs[-1][0] == last + 1 and epochs[-1][-1] == 12
    assert len(read_history(out / 'seed3/joint', 'loss')) == 12
    table = json.loads((out / 'table_t.json').read_text())
    history = read_history(out / 'seed3/linear', 'acc/top1')
    cell = table['rows']['joint']['xsub']
    assert len(history) == 2
    assert cell['last']['mean'] == pytest.approx(100 * history[-1])
    assert cell['best']['mean'] == pytest.approx(100 * max(history))
    assert 0 <= table['rows']['ridge']['xsub']['last']['mean'] <= 100
    assert table['runs']['seed3/joint']['seconds'] > 0
    assert not list(out.glob('*/*stale*'))
