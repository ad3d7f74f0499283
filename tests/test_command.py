"""The command ``ikem``, and what it is made of."""

import importlib
import subprocess
import sys
from pathlib import Path

import pytest
from helpers import CONFIGS, IKEM_3M, ROOT
from mmengine.config import Config

import ikem
import projects.ikem
from ikem_cli import choices, command
from ikem_cli.places import find_config, reach_projects, shown_config
from projects.ikem.datasets.formats.ntu import SELECTIONS
from projects.ikem.datasets.splits import NTU_NUM_CLASSES
from projects.ikem.datasets.transforms.preprocess import UP_AXES
from projects.ikem.reproduce.few_labels import ROWS
from projects.ikem.skeletons import LAYOUTS
from projects.ikem.visualization.embedding import METHODS

NAME = IKEM_3M.relative_to(CONFIGS).as_posix()
SCRIPTS = sorted(
    path
    for folder in ('tools', 'demo')
    for path in (ROOT / folder).glob('**/*.py')
    if 'def main(' in path.read_text()
)
HEAVY = {'torch', 'mmengine', 'mmaction', 'mmcv', 'numpy', 'matplotlib'}
# Each script twice, in one process: prints what it imported.
ALL_IN_ONE = """
import contextlib, io, runpy, sys
for path in sys.argv[1:]:
    for argument in ('--help', '--no-such-argument'):
        sys.argv = [path, argument]
        try:
            with contextlib.redirect_stdout(io.StringIO()) as out:
                with contextlib.redirect_stderr(out):
                    runpy.run_path(path, run_name='__main__')
        except SystemExit as end:
            heavy = sorted({heavy} & set(sys.modules))
            print(path, end.code, *heavy)
        assert 'usage: ' in out.getvalue(), path
"""


def test_arguments_are_parsed_before_anything_heavy_is_imported():
    """Then ``--help`` and errors take a tenth of a second, not four."""
    code = ALL_IN_ONE.replace('{heavy}', repr(HEAVY))
    result = subprocess.run(
        [sys.executable, '-c', code, *map(str, SCRIPTS)],
        env=dict(PYTHONPATH=str(ROOT)),
        capture_output=True,
        text=True,
    )
    assert result.returncode == 0, result.stderr
    expected = [f'{path} {code}' for path in SCRIPTS for code in (0, 2)]
    assert result.stdout.splitlines() == expected


def test_every_script_has_a_command(capsys, monkeypatch):
    shells = {ROOT / f'tools/{name}.sh' for name in SHELLS}
    assert set(map(command.script, command.COMMANDS)) == {*SCRIPTS, *shells}
    monkeypatch.setattr(sys, 'argv', ['ikem', '--help'])
    command.main()
    lines = capsys.readouterr().out.splitlines()
    for name in command.COMMANDS:
        (line,) = [x for x in lines if x.startswith(f'  {name} ')]
        assert len(line.split()) > 3 and '`' not in line


SHELLS = ('dist_train', 'dist_test', 'slurm_train', 'slurm_test')


@pytest.mark.parametrize('name', ['train', 'prepare ntu', 'dist-train'])
def test_help_of_a_command_names_it(name):
    result = run_command(*name.split(), '--help')
    assert result.returncode == 0
    assert result.stdout.startswith(f'usage: ikem {name} ')


@pytest.mark.parametrize(
    'words, said',
    [
        (['trian'], "ikem: no command 'trian': did you mean train?"),
        (['prepare'], 'ikem: give one of: prepare ntu, '),
        (['train', 'no.py'], 'ikem train: no.py is no config: give the path'),
        (['train', 'no.py', '--amp=1'], 'ikem train: error: argument --amp'),
    ],
)
def test_wrong_command_lines(words, said):
    result = run_command(*words)
    assert result.returncode in (1, 2)
    assert said in result.stderr.splitlines()[-1]


def run_command(*words):
    return subprocess.run(
        [sys.executable, '-m', 'ikem_cli', *words],
        cwd='/',
        env=dict(PYTHONPATH=str(ROOT), PATH='/usr/bin:/bin'),
        capture_output=True,
        text=True,
    )


def test_configs_are_listed(capsys):
    def listed(*pattern):
        command.list_configs([*pattern])
        return capsys.readouterr().out.split()

    leaves = [
        path
        for path in CONFIGS.glob('*/*.py')
        if path.parent.name not in ('_base_', 'suites')
    ]
    assert [CONFIGS / name for name in listed()] == sorted(leaves)
    assert NAME in listed('ikem/*')
    assert all('ntu60' in name for name in listed('ntu60'))
    assert listed('linear/*6m*xview*') == [
        'linear/linear-6m_stgcn-slim_1xb128-100e_ntu60-xview.py'
    ]


@pytest.mark.parametrize('patterns', [['nothing'], ['a', 'b']])
def test_configs_that_are_not_there(patterns, capsys):
    with pytest.raises(SystemExit) as caught:
        command.list_configs(patterns)
    assert caught.value.code not in (0, None)
    assert capsys.readouterr().out == ''


def test_configs_are_found(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for name in (NAME, f'ikem::{NAME}', f'configs/{NAME}', str(IKEM_3M)):
        assert Path(find_config(name)) == IKEM_3M
    own = tmp_path / NAME
    own.parent.mkdir()
    own.write_text('')
    assert find_config(NAME) == NAME  # there is such a file
    assert Path(find_config(f'ikem::{NAME}')) == IKEM_3M
    assert find_config('ikem::no.py') == 'ikem::no.py'
    assert shown_config(IKEM_3M, tmp_path) == f'ikem::{NAME}'
    assert shown_config(IKEM_3M, ROOT) == f'configs/{NAME}'
    assert shown_config(own, tmp_path / 'x') == f'../{NAME}'


def test_ours_as_a_base(tmp_path):
    path = tmp_path / 'mine.py'
    path.write_text(f"_base_ = 'ikem::{NAME}'\nlr = _base_.optim_wrapper")
    cfg, base = Config.fromfile(path), Config.fromfile(IKEM_3M)
    # without a scope that is no registry's
    assert cfg.pop('lr') == base.optim_wrapper
    assert cfg.to_dict() == base.to_dict()
    path.write_text("_base_ = 'ikem::ikem/no.py'")
    with pytest.raises(FileNotFoundError, match='ikem::ikem/no.py'):
        Config.fromfile(path)


def test_commands_as_typed(tmp_path, monkeypatch):
    typed = 'python tools/data/prepare_ntu.py RAW OUT; python tools/train.py x'
    monkeypatch.chdir(ROOT)
    assert command.as_typed(typed) == typed
    monkeypatch.chdir(tmp_path)
    assert command.as_typed(typed) == 'ikem prepare ntu RAW OUT; ikem train x'


def test_ikem_is_projects_ikem():
    assert ikem.models is projects.ikem.models
    for name in ('models.losses', 'reproduce', 'apis'):
        module = importlib.import_module(f'ikem.{name}')
        assert module is sys.modules[f'projects.ikem.{name}']
        assert module.__spec__.name == f'projects.ikem.{name}'
    with pytest.raises(ModuleNotFoundError, match='ikem.nothing'):
        importlib.import_module('ikem.nothing')


def test_another_package_of_that_name(tmp_path, monkeypatch):
    (tmp_path / 'projects').mkdir()
    (tmp_path / 'projects/__init__.py').write_text('mine = True')
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.delitem(sys.modules, 'projects')
    reach_projects()
    another = sys.modules['projects']
    assert another.mine
    assert list(another.__path__)[-1] == str(ROOT / 'projects')


def test_choices_are_those_of_the_package():
    assert choices.DATASETS == tuple(NTU_NUM_CLASSES)
    assert choices.EMBEDDINGS == METHODS
    assert choices.FEW_LABEL_ROWS == tuple(ROWS)
    assert choices.SELECTIONS == SELECTIONS
    assert choices.UP_AXES == UP_AXES
    # without those that other tests register
    assert set(choices.LAYOUTS) <= set(LAYOUTS)
