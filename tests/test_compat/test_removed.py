import logging
import pkgutil
import sys

import mmengine.utils.dl_utils as dl_utils
import pytest
import torch
from mmengine.runner import runner

from projects.ikem.compat import removed


def test_find_loader_is_there_without_it(monkeypatch):
    before = dl_utils.mmcv_full_available()
    monkeypatch.delattr(pkgutil, 'find_loader', raising=False)
    removed.mend_find_loader()
    assert dl_utils.mmcv_full_available() == before
    assert pkgutil.find_loader('json').name == 'json'
    assert pkgutil.find_loader('mmnothing') is None


@pytest.fixture
def torchvision(tmp_path, monkeypatch):
    """Install a torchvision of one line."""
    monkeypatch.delitem(sys.modules, 'torchvision', raising=False)
    monkeypatch.syspath_prepend(str(tmp_path))

    def install(line):
        (tmp_path / 'torchvision.py').write_text(line)

    yield install
    sys.modules.pop('torchvision', None)


def test_environment_with_torchvision(torchvision):
    torchvision('__version__ = "0.28.0"')
    assert runner.collect_env()['TorchVision'] == '0.28.0'


def test_torchvision_of_another_torch_is_named(torchvision, monkeypatch):
    torchvision(
        'raise RuntimeError("operator torchvision::nms does not exist\\nin")'
    )
    told = []
    monkeypatch.setattr(
        'mmengine.logging.print_log',
        lambda message, logger, level: told.append((message, level)),
    )
    monkeypatch.setattr(torch, '__version__', '2.13.0+cpu')
    environment = dl_utils.collect_env()
    assert 'TorchVision' not in environment
    assert environment['MMEngine']
    ((message, level),) = told
    assert level == logging.WARNING
    assert '(operator torchvision::nms does not exist)' in message
    assert '`pip install --upgrade torch==2.13.0 torchvision`' in message
    assert 'torchvision' not in sys.modules  # it can be mended meanwhile


def test_environment_without_distutils(monkeypatch):
    monkeypatch.setitem(sys.modules, 'distutils', None)
    assert runner.collect_env()['GCC']
    assert sys.modules['distutils'] is None
