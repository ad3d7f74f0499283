"""Which interpreter makes .venv; interpreters here are scripts that answer
what they are asked."""

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
    "-m venv .venv") mkdir -p .venv/bin && cp "$0" .venv/bin/python;;
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
    ):
        shutil.copy(ROOT / name, tmp_path / 'project' / name)
    for name in ('bash', 'dirname', 'basename', 'cat', 'mkdir', 'cp', 'rm'):
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

    def set_up(self, python=None):
        """Run the script.

        Returns:
            tuple[int, str, list[str]]: Its exit status, last line, and what
            it asked of interpreters beside what they are.
        """
        self.log.write_text('')
        environment = dict(PATH=str(self.folder / 'bin'), HOME='/')
        if python is not None:
            environment['PYTHON'] = python
        result = subprocess.run(
            ['bash', 'tools/setup_env.sh'],
            cwd=self.folder / 'project',
            env=environment,
            capture_output=True,
            text=True,
        )
        lines = (result.stdout + result.stderr).splitlines()
        calls = [
            line
            for line in self.log.read_text().splitlines()
            if ' -m venv' in line or ' install ' in line
        ]
        return result.returncode, (lines or [''])[-1], calls


INSTALL = (
    'python -m pip install --quiet --disable-pip-version-check '
    '-c constraints.txt -e .[mmcv-lite,plots,tests]'
)


def test_installs_once(project):
    project.add_python('python3', '3.11.7')
    code, _, calls = project.set_up()
    assert (code, calls) == (0, ['python3 -m venv .venv', INSTALL])
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
    assert (code, calls) == (0, ['python3.12 -m venv .venv', INSTALL])


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
    assert (code, calls) == (0, ['python3.13 -m venv .venv', INSTALL])
    assert project.set_up(newer) == (0, '', [])
    assert project.set_up() == (0, '', [])  # though python3 is another one


def test_venv_of_an_old_python_is_made_anew(project):
    old = project.add_python('python3.8', '3.8.18')
    project.add_python('python3', '3.11.7')
    (project.venv / 'bin').mkdir(parents=True)
    shutil.copy(old, project.venv / 'bin/python')
    code, _, calls = project.set_up()
    assert (code, calls) == (0, ['python3 -m venv .venv', INSTALL])


def test_constraints_apply_to_the_pythons_that_have_them():
    """So that one command is right on all of them."""
    lines = (ROOT / 'constraints.txt').read_text().splitlines()
    pins = [line for line in lines if not line.startswith('#')]
    assert len(pins) > 50
    for pin in pins:
        requirement, marker = pin.split('; ')
        assert '==' in requirement and marker == 'python_version >= "3.11"'
