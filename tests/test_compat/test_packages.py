import os.path as osp

import mmaction
import mmengine.config.config as config
import pytest
from mmengine.config import Config

from projects.ikem.compat import packages


def test_installed_packages():
    assert packages.is_installed('mmaction2')  # a distribution
    assert packages.is_installed('mmaction')  # its module
    assert not packages.is_installed('mmnothing')
    path = osp.dirname(mmaction.__file__)
    assert packages.get_installed_path('mmaction2') == path
    with pytest.raises(ModuleNotFoundError, match='mmnothing'):
        packages.get_installed_path('mmnothing')


def test_configs_inherit_from_mmaction(tmp_path):
    path = tmp_path / 'a.py'
    path.write_text("_base_ = 'mmaction::_base_/default_runtime.py'\n")
    assert Config.fromfile(path).default_scope == 'mmaction'


@pytest.mark.parametrize('uses', [True, False])
def test_pkg_resources_is_replaced_where_it_is_used(uses, monkeypatch):
    import mmengine.utils.package_utils as package_utils

    def with_pkg_resources(package):
        return pkg_resources  # noqa: F821

    def without(package):
        return None

    theirs = with_pkg_resources if uses else without
    monkeypatch.setattr(package_utils, 'is_installed', theirs)
    monkeypatch.setattr(config, 'is_installed', theirs)
    packages.mend_installed_packages()
    assert (config.is_installed is packages.is_installed) == uses
