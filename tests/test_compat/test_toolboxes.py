"""What else an environment holds, or lacks."""

import os
import os.path as osp
import subprocess
import sys
from unittest import mock

import pytest

from projects.ikem.compat import toolboxes


def run_python(code, cwd, check=True):
    """Run code in a new interpreter, which finds the modules of a folder."""
    path = [str(cwd), *sys.path]
    return subprocess.run(
        [sys.executable, '-c', code],
        cwd=cwd,
        env={**os.environ, 'PYTHONPATH': os.pathsep.join(path)},
        capture_output=True,
        text=True,
        check=check,
    )


def write(path, text):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """A folder whose modules can be imported."""
    monkeypatch.syspath_prepend(str(tmp_path))
    return tmp_path


def test_mmaction_models_can_be_imported():
    import mmaction.models

    assert mmaction.models.STGCN


@pytest.mark.parametrize(
    'module, command',
    [
        ('torch', 'pip install torch'),
        ('mmengine', 'pip install "mmengine>=0.10.7,<1.0"'),
        ('mmcv', 'pip install "mmcv-lite>=2.0.0,<2.2.0"'),
        ('mmaction', 'pip install "mmaction2>=1.2.0,<2.0"'),
    ],
)
def test_what_is_missing_is_named_with_the_command(module, command, tmp_path):
    (tmp_path / module).mkdir()  # is no module, though Python imports it
    code = f"""
import sys
class Hidden:
    def find_spec(self, name, path=None, target=None):
        from importlib.machinery import PathFinder
        if name == {module!r}:
            return PathFinder.find_spec(name, [{str(tmp_path)!r}])
sys.meta_path.insert(0, Hidden())
import projects.ikem
"""
    result = run_python(code, tmp_path, check=False)
    line = result.stderr.splitlines()[-1]
    assert line.startswith('ImportError: ') and 'is not installed' in line
    assert command in line


@pytest.mark.parametrize(
    'there, torchvision, reason',
    [
        (True, True, None),
        (True, False, 'needs torchvision'),  # a checkout
        (False, True, 'from source'),  # the wheel
    ],
)
def test_drn_has_a_stand_in(there, torchvision, reason, monkeypatch):
    drn = 'mmaction.models.localizers.drn'
    for name in [n for n in sys.modules if n.startswith(drn)]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setattr(toolboxes, 'has_names', lambda *names: torchvision)
    with mock.patch.object(osp, 'isdir', return_value=there):
        toolboxes.mend_missing_drn()
    module = sys.modules.get(f'{drn}.drn')
    assert (module is None) == (reason is None)
    if reason is not None:
        with pytest.raises(ImportError, match=reason):
            module.DRN()


@pytest.mark.parametrize(
    'missing, kept',
    [
        (None, True),
        ('timm.models.layers', False),
        ('transformers.modeling_utils', False),
    ],
)
def test_multimodal_models_stay_where_they_import(missing, kept, monkeypatch):
    from mmaction.utils import dependency

    asked = []

    def has_names(module, *names):
        asked.append(module)
        return module != missing

    monkeypatch.setattr(dependency, 'WITH_MULTIMODAL', True)
    monkeypatch.setattr(toolboxes, 'has_names', has_names)
    toolboxes.mend_multimodal_models()
    assert dependency.WITH_MULTIMODAL == kept
    if missing is not None:
        assert asked[-1] == missing


def test_imports_of_a_file(tmp_path):
    path = tmp_path / 'model.py'
    path.write_text(
        'import timm, torch.nn as nn\n'
        'from transformers.models import (Beit,\n    Bert)\n'
        'from mmaction.registry import MODELS\n'
        'from .beit import A\n'
        'def late():\n    import av\n'
    )
    assert list(toolboxes.third_party_imports(path)) == [
        ('timm',),
        ('torch.nn',),
        ('transformers.models', 'Beit', 'Bert'),
    ]


def test_names_of_modules(folder):
    write(folder / 'whole/__init__.py', 'import warnings\na = 1\n')
    write(folder / 'whole/part.py', '')
    write(folder / 'broken.py', 'raise RuntimeError("operator")\n')
    assert toolboxes.has_names('whole')
    assert toolboxes.has_names('whole', 'a', 'part')
    assert not toolboxes.has_names('whole', 'a', 'b')
    assert not toolboxes.has_names('broken')
    assert not toolboxes.has_names('mmnothing.models')


def test_import_in_a_crowded_environment(tmp_path):
    """With a transformers that lacks what mmaction2 takes from it, no timm,
    a torchvision of another torch, and the names that Python 3.14 lacks."""
    write(
        tmp_path / 'transformers-5.24.0.dist-info/METADATA',
        'Metadata-Version: 2.1\nName: transformers\nVersion: 5.24.0\n',
    )
    write(tmp_path / 'transformers/__init__.py', '')
    write(
        tmp_path / 'torchvision/__init__.py',
        "raise RuntimeError('operator torchvision::nms does not exist')\n",
    )
    code = """
import pkgutil, sys
for name in ('find_loader', 'get_loader'):
    if hasattr(pkgutil, name):
        delattr(pkgutil, name)
sys.modules.update(dict.fromkeys(['distutils', 'pkg_resources', 'timm']))
import projects.ikem
from mmaction.registry import MODELS
from mmengine.config import Config
from mmengine.model import revert_sync_batchnorm
from mmengine.runner.runner import collect_env
from mmaction.models import STGCN
from torch import nn
print(sorted(set(collect_env()) & {'GCC', 'OpenCV', 'TorchVision'}))
revert_sync_batchnorm(nn.Linear(1, 1))
Config.fromfile('config.py')
try:
    MODELS.build(dict(type='VindLUVQA'))
except ImportError as error:
    print(error)
"""
    write(
        tmp_path / 'config.py',
        "_base_ = 'mmaction::_base_/default_runtime.py'\n",
    )
    result = run_python(code, tmp_path)
    assert "['GCC', 'OpenCV']" in result.stdout
    assert 'pip install "mmaction2[multimodal]"' in result.stdout
    assert 'pip install --upgrade torch==' in result.stdout + result.stderr


def test_package_is_a_namespace_beside_other_projects(tmp_path):
    """As in a checkout of mmaction2, which has a `projects` of its own."""
    other = tmp_path / 'projects/other'
    other.mkdir(parents=True)
    (other / '__init__.py').write_text('name = "other"\n')
    code = (
        'import projects.other, projects.ikem.skeletons as s;'
        'print(projects.other.name, s.get_layout("ntu-25").name)'
    )
    out = subprocess.run(
        [sys.executable, '-c', code],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    assert out.split() == ['other', 'ntu-25']
