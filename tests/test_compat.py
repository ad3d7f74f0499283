import importlib
import os.path as osp
import subprocess
import sys
import types
from unittest import mock

import mmaction
import mmengine.config.config as config
import pytest
from mmengine.config import Config

from projects.ikem import compat


def test_mmaction_models_can_be_imported():
    import mmaction.models

    assert mmaction.models.STGCN


@pytest.mark.parametrize('whole', [True, False])
def test_drn_has_a_stand_in_where_it_is_missing(monkeypatch, whole):
    drn = 'mmaction.models.localizers.drn'
    for name in [n for n in sys.modules if n.startswith(drn)]:
        monkeypatch.delitem(sys.modules, name)
    with mock.patch.object(osp, 'isdir', return_value=whole):
        compat.mend_missing_drn()
    module = sys.modules.get(f'{drn}.drn')
    assert (module is None) == whole
    if not whole:
        with pytest.raises(ImportError, match='from source'):
            module.DRN()


def test_missing_mmcv_says_what_to_install():
    with mock.patch.object(importlib.util, 'find_spec', return_value=None):
        with pytest.raises(ImportError, match='pip install "mmcv-lite'):
            compat.require_mmcv()


def test_installed_packages():
    assert compat.is_installed('mmaction2')  # a distribution
    assert compat.is_installed('mmaction')  # its module
    assert not compat.is_installed('mmnothing')
    path = osp.dirname(mmaction.__file__)
    assert compat.get_installed_path('mmaction2') == path
    with pytest.raises(ModuleNotFoundError, match='mmnothing'):
        compat.get_installed_path('mmnothing')


def test_configs_inherit_from_mmaction(tmp_path):
    path = tmp_path / 'a.py'
    path.write_text("_base_ = 'mmaction::_base_/default_runtime.py'\n")
    assert Config.fromfile(path).default_scope == 'mmaction'


@pytest.mark.parametrize(
    'uses, has, mended',
    [(True, False, True), (True, True, False), (False, False, False)],
)
def test_pkg_resources_is_replaced_where_it_is_used_and_missing(
    uses, has, mended, monkeypatch
):
    import mmengine.utils.package_utils as package_utils

    def with_pkg_resources(package):
        return pkg_resources  # noqa: F821

    def without(package):
        return None

    theirs = with_pkg_resources if uses else without
    monkeypatch.setattr(package_utils, 'is_installed', theirs)
    monkeypatch.setattr(config, 'is_installed', theirs)
    specs = dict(pkg_resources=types.SimpleNamespace() if has else None)
    find_spec = importlib.util.find_spec
    monkeypatch.setattr(
        importlib.util,
        'find_spec',
        lambda name: specs[name] if name in specs else find_spec(name),
    )
    compat.mend_installed_packages()
    assert (config.is_installed is compat.is_installed) == mended


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
