"""Which interpreters make which environments; interpreters here are scripts
that answer what they are asked."""

import shutil
import subprocess
from pathlib import Path

import pytest
from helpers import ROOT

PYTHON = """#!/bin/bash
echo "$(basename "$0") $*" >> "{log}"
case "$*" in
    *version_info*) exit {too_old};;
    *version*) echo {version} /usr;;
    "-m venv "*) mkdir -p "$3/bin" && cp "$0" "$3/bin/python";;
    "-m pytest"*) echo "512 passed, 3 skipped in 1.5s";;
    *" compileall "*) exit 1;;
    -) echo Python {version};;
esac
"""


@pytest.fixture
def project(tmp_path):
    (tmp_path / 'bin').mkdir()
    (tmp_path / 'project/tools').mkdir(parents=True)
    for name in (
        'setup.cfg',
        'pyproject.toml',
        'constraints.txt',
        'tools/setup_env.sh',
        'tools/test_environments.sh',
    ):
        shutil.copy(ROOT / name, tmp_path / 'project' / name)
    for name in (
        *('bash', 'dirname', 'basename', 'cat', 'mkdir', 'cp', 'rm'),
        *('grep', 'paste', 'tail', 'mktemp'),
    ):
        (tmp_path / 'bin' / name).symlink_to(shutil.which(name))
    return Project(tmp_path)


class Project:
    """A copy of the project on a machine without any Python."""

    def __init__(self, folder: Path):
        self.folder, self.log = folder, folder / 'log'
        self.venv = folder / 'project/.venv'

    def add_python(self, name: str, version: str) -> str:
        """Install an interpreter below a name.

        Returns:
            str: Its path.
        """
        path = self.folder / 'bin' / name
        path.write_text(
            PYTHON.format(
                log=self.log,
                version=version,
                too_old=int(int(version.split('.')[1]) < 9),
            )
        )
        path.chmod(0o755)
        return str(path)

    def run(self, script: str, *args, **environment):
        """Run a script.

        Returns:
            tuple[int, list[str]]: Its exit status, and its lines.
        """
        self.log.write_text('')
        result = subprocess.run(
            ['bash', f'tools/{script}', *map(str, args)],
            cwd=self.folder / 'project',
            env=dict(PATH=str(self.folder / 'bin'), HOME='/', **environment),
            capture_output=True,
            text=True,
        )
        return result.returncode, (result.stdout + result.stderr).splitlines()

    def set_up(self, python=None):
        """Make .venv.

        Returns:
            tuple[int, str, list[str]]: The exit status, the last line, and
            what was asked of interpreters beside what they are.
        """
        environment = {} if python is None else dict(PYTHON=python)
        code, lines = self.run('setup_env.sh', **environment)
        calls = [
            line
            for line in self.log.read_text().splitlines()
            if any(f' {x} ' in line for x in ('venv', 'install', 'compileall'))
        ]
        return code, (lines or [''])[-1], calls


INSTALL = [
    'python -m pip install --quiet --disable-pip-version-check --no-compile '
    '-c constraints.txt -e .[mmcv-lite,plots,tests]',
    # some file of some package does not compile
    'python -W ignore -m compileall -qq -j 0 .venv/lib',
]


def test_installs_once(project):
    project.add_python('python3', '3.11.7')
    code, _, calls = project.set_up()
    assert (code, calls) == (0, ['python3 -m venv .venv', *INSTALL])
    assert project.set_up() == (0, '', [])


def test_an_old_python3_makes_way_for_a_newer_one(project):
    project.add_python('python3', '3.8.18')
    code, line, calls = project.set_up()
    assert code == 1 and not calls
    assert 'setup_env.sh: no Python >= 3.9 among python3 python3.13' in line
    assert 'PYTHON=... bash tools/setup_env.sh' in line
    project.add_python('python3.9', '3.9.18')
    project.add_python('python3.12', '3.12.1')
    code, _, calls = project.set_up()
    assert (code, calls) == (0, ['python3.12 -m venv .venv', *INSTALL])


@pytest.mark.parametrize('made', [True, False])
def test_python_that_does_not_do_is_refused(project, made):
    project.add_python('python3', '3.11.7')
    old = project.add_python('python3.8', '3.8.18')
    if made:
        project.set_up()
    for python in ('/does/not/exist', old):
        code, line, calls = project.set_up(python)
        assert code == 1 and not calls
        assert line == f'setup_env.sh: PYTHON={python} is no Python >= 3.9'
    assert project.venv.is_dir() == made


def test_another_python_makes_venv_anew(project):
    project.add_python('python3', '3.11.7')
    project.set_up()
    newer = project.add_python('python3.13', '3.13.0')
    assert project.set_up() == (0, '', [])  # what works is kept
    code, _, calls = project.set_up(newer)
    assert (code, calls) == (0, ['python3.13 -m venv .venv', *INSTALL])
    assert project.set_up(newer) == (0, '', [])
    assert project.set_up() == (0, '', [])  # though python3 is another one


def test_venv_of_an_old_python_is_made_anew(project):
    old = project.add_python('python3.8', '3.8.18')
    project.add_python('python3', '3.11.7')
    (project.venv / 'bin').mkdir(parents=True)
    shutil.copy(old, project.venv / 'bin/python')
    code, _, calls = project.set_up()
    assert (code, calls) == (0, ['python3 -m venv .venv', *INSTALL])


@pytest.mark.parametrize('python', [None, '.venv/bin/python'])
def test_packages_of_an_environment_of_others_are_kept(project, python):
    """Such as one that uv made, which has no pip."""
    project.add_python('python3', '3.11.7')
    other = project.add_python('other', '3.12.1')
    (project.venv / 'bin').mkdir(parents=True)
    no_pip = 'case "$*" in\n    *pip*) exit 1;;'
    answers = Path(other).read_text().replace('case "$*" in', no_pip)
    (project.venv / 'bin/python').write_text(answers)
    (project.venv / 'bin/python').chmod(0o755)
    package = project.venv / 'lib/python3.12/site-packages/mine-1.dist-info'
    package.mkdir(parents=True)
    code, line, calls = project.set_up(python)
    assert code == 1 and not calls and package.is_dir()
    assert line == (
        'setup_env.sh: .venv is of another Python or has no pip, and holds '
        'packages: move it away, or remove it'
    )
    if python is None:  # and of many, whichever is read first
        for i in range(300):
            (package.parent / f'mine{i}-1.dist-info').mkdir()
        assert project.set_up(python)[0] == 1
        for path in package.parent.glob('mine?*'):
            shutil.rmtree(path)
        package.mkdir()
    shutil.rmtree(package)
    if python is None:
        assert project.set_up()[0] == 0


def test_constraints_apply_to_the_pythons_that_have_them():
    """So that one command is right on all of them."""
    lines = (ROOT / 'constraints.txt').read_text().splitlines()
    pins = [line for line in lines if not line.startswith('#')]
    assert len(pins) > 50
    for pin in pins:
        requirement, marker = pin.split('; ')
        assert '==' in requirement and marker == 'python_version >= "3.11"'


def test_environments_are_told_in_a_table(project):
    project.add_python('python3', '3.11.7')
    project.add_python('python3.9', '3.9.18')
    logs = project.folder / 'logs'
    code, lines = project.run(
        'test_environments.sh', logs, '3.9', 'onedl', 'crowded'
    )
    assert code == 0
    names = ('3.9', 'onedl', 'crowded', 'crowded+timm')
    for name, line in zip(names, lines[1:]):
        assert line.split()[0::2][:2] == [name, 'ok']
        assert '512 passed 3 skipped' in line
        assert line.endswith('Python 3.9.18' if name == '3.9' else '3.11.7')
    assert lines[0].split()[0] == 'environment' and len(lines) == 5
    assert sorted(path.name for path in logs.iterdir()) == sorted(
        f'{name}.log' for name in names
    )


def test_environments_that_cannot_be_made(project):
    project.add_python('python3', '3.11.7')
    code, lines = project.run(
        'test_environments.sh', project.folder / 'logs', '3.13', 'conda'
    )
    assert code == 1
    assert 'no python3.13' in lines[1]
    assert 'unknown environment conda' in lines[2]
    assert lines[3].startswith('test_environments.sh: 2 failed, logs in ')
