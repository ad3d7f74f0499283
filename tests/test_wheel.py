"""The wheel has all that the commands need, and works from any folder."""

import os
import shutil
import subprocess
import sys
import sysconfig
import zipfile

import pytest
from helpers import CONFIGS, ROOT

PACKAGES = ('ikem', 'ikem_cli', 'projects')
BESIDE = ('configs', 'demo', 'tools')
FILES = ('README.md', 'model-index.yml', 'pyproject.toml', 'setup.cfg')
SLIM = [
    *('model.backbone.base_channels=4', 'model.backbone.out_channels=8'),
    *('train_cfg.max_epochs=1', 'train_dataloader.batch_size=8'),
    *('train_dataloader.num_workers=0', 'val_dataloader.num_workers=0'),
]


@pytest.fixture(scope='module')
def wheel(tmp_path_factory):
    """Built from a copy, since a build leaves folders in the sources."""
    folder = tmp_path_factory.mktemp('wheel')
    for name in (*PACKAGES, *BESIDE):
        shutil.copytree(ROOT / name, folder / 'source' / name, symlinks=True)
    for name in FILES:
        shutil.copy(ROOT / name, folder / 'source')
    pip('wheel', '--no-build-isolation', '-w', folder, folder / 'source')
    (path,) = folder.glob('*.whl')
    return path


def pip(command, *args, python=sys.executable):
    """Run pip without a network, for an environment."""
    command = [sys.executable, '-m', 'pip', '--python', python, command]
    options = ('--quiet', '--no-index', '--no-deps')
    subprocess.run([*command, *options, *args], check=True)


@pytest.fixture(scope='module')
def installed(wheel):
    """Folder of scripts of an environment with the wheel, which sees the
    stack that is installed here, and not this checkout."""
    venv = wheel.with_name('venv')
    command = [sys.executable, '-m', 'venv', '--without-pip', venv]
    subprocess.run(command, check=True)
    (packages,) = venv.glob('lib/python*/site-packages')
    (packages / 'stack.pth').write_text(sysconfig.get_path('purelib'))
    pip('install', wheel, python=venv / 'bin/python')
    return venv / 'bin'


class Session:
    """Commands in a folder that holds but a regular package ``projects``."""

    def __init__(self, scripts, folder):
        self.scripts, self.folder = scripts, folder
        (folder / 'projects').mkdir()
        (folder / 'projects/__init__.py').write_text('')
        self.environment = dict(
            os.environ,
            PATH=f'{scripts}:{os.environ["PATH"]}',
            PYTHONPATH=str(folder),
            PYTHONWARNINGS='ignore',
        )

    def run(self, *command):
        result = subprocess.run(
            [self.scripts / command[0], *command[1:]],
            cwd=self.folder,
            env=self.environment,
            capture_output=True,
            text=True,
        )
        assert result.returncode == 0, result.stderr
        return result.stdout


@pytest.fixture
def session(installed, tmp_path):
    return Session(installed, tmp_path)


def sources(*folders):
    paths = [p for folder in folders for p in (ROOT / folder).glob('**/*.*')]
    return {
        path.relative_to(ROOT).as_posix()
        for path in paths
        if path.suffix != '.pyc' and path.is_file() and '.mim' not in str(path)
    }


def test_files(wheel):
    names = set(zipfile.ZipFile(wheel).namelist())
    info = {name for name in names if '.dist-info/' in name}
    packages = sources('ikem', 'ikem_cli', 'projects')
    beside = {*sources('configs', 'demo', 'tools'), 'model-index.yml'}
    checkout = ('quickstart.sh', 'run_tests.sh', 'run_long_tests.sh')
    for name in (*checkout, 'setup_env.sh', 'test_environments.sh'):
        beside.remove(f'tools/{name}')
    assert names - info == packages | {f'ikem/.mim/{x}' for x in beside}
    texts = [
        zipfile.ZipFile(wheel).read(name).decode()
        for name in sorted(info)
        if name.endswith(('entry_points.txt', 'top_level.txt'))
    ]
    assert 'ikem = ikem_cli.command:main' in texts[0]
    # mmengine takes the first for the package's folder
    assert texts[1].split() == list(PACKAGES)


CHECK = """
import ikem, mmengine.hub, projects, sys
from projects.ikem.reproduce.identity import commit
assert projects.__file__.startswith(sys.argv[1])
assert ikem.__file__.startswith(sys.argv[2])
assert ikem.models is sys.modules['projects.ikem.models']
assert ikem.models.__file__.startswith(sys.argv[2])
cfg = mmengine.hub.get_config('ikem::' + sys.argv[3])
assert cfg.model.type == 'SkeletonClassifier'
assert commit() == 'ikem ' + ikem.__version__
"""


def test_in_python(session):
    config = next((CONFIGS / 'linear').glob('*.py')).relative_to(CONFIGS)
    environment = session.scripts.parent
    folders = (session.folder, environment, config)
    session.run('python', '-c', CHECK, *folders)
    listed = session.run('ikem', 'configs', 'linear/*').split()
    assert str(config) in listed


def test_weights_in_the_box(session):
    """Also: the demo beside them, from any folder."""
    head, *lines = session.run('ikem', 'demo').splitlines()
    assert head.split() == ['class', 'score', 'name'] and len(lines) == 5
    assert [path.name for path in session.folder.iterdir()] == ['projects']


@pytest.mark.long
def test_from_data_to_a_report(session):
    """Nothing but the working folder is written to."""
    environment = session.scripts.parent
    before = set(environment.glob('**/*'))
    raw, data = 'data/synthetic/raw', 'data/synthetic/prepared'
    few = ('--subjects', '4', '--repetitions', '1', '--workers', '2')
    session.run('ikem', 'make-synthetic', raw, *few)
    what = ('--dataset', 'synthetic', '--num-frames', '25', '--workers', '2')
    session.run('ikem', 'prepare', 'ntu', raw, data, *what)
    name = 'ikem-3m_stgcn-slim-w8_1xb32-30e_synthetic-xsub'
    options = ('--cfg-options', *SLIM, 'model.bank_size=16')
    session.run('ikem', 'train', f'ikem/{name}.py', *options)
    (session.folder / 'mine.py').write_text(
        "_base_ = 'ikem::linear/linear-3m_stgcn-slim-w8_1xb64-100e_"
        "synthetic-xsub.py'\n"
        "custom_imports = dict(imports=['ikem'])\n"
        f"model = dict(pretrained='work_dirs/{name}')\n"
    )
    session.run('ikem', 'dist-train', 'mine.py', '2', '--cfg-options', *SLIM)
    slim = ('--cfg-options', *SLIM[:2])
    test = session.run('ikem', 'test', 'mine.py', 'work_dirs/mine', *slim)
    assert 'acc/fused_top1' in test
    session.run('ikem', 'report', 'work_dirs/mine', '--max-clips', '10')
    assert (session.folder / 'work_dirs/mine/report.html').is_file()
    suite = ('synthetic', '--tables', '1b', '--seeds', '0', '--dry-run')
    assert '    ikem train ikem::' in session.run('ikem', 'reproduce', *suite)
    left = {path.name for path in session.folder.iterdir()}
    assert left == {'data', 'mine.py', 'projects', 'work_dirs'}
    assert set(environment.glob('**/*')) - before == set()
