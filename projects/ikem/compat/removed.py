"""Names that newer Pythons and setuptools no longer have, and a torchvision
that cannot be imported."""

import functools
import importlib.util
import logging
import pkgutil
import sys
import types
from contextlib import contextmanager
from typing import Dict, Iterator, Optional


def mend_find_loader() -> None:
    """mmengine and mmcv look for mmcv's ops by ``pkgutil.find_loader``, which
    Python 3.14 no longer has, before every training.

    Delete when they use ``importlib.util.find_spec``.
    """
    if not hasattr(pkgutil, 'find_loader'):
        pkgutil.find_loader = find_loader


def find_loader(fullname: str):
    """As pkgutil's of Python 3.13.

    Args:
        fullname (str): Dotted name of a module.

    Returns:
        importlib.abc.Loader: Its loader, None if there is no such module.
    """
    spec = importlib.util.find_spec(fullname)
    return None if spec is None else spec.loader


def mend_collect_env() -> None:
    """mmengine describes the environment at the head of each log. That fails
    where torchvision was made for another torch, and where ``distutils``,
    which Python 3.12 no longer has, is not provided by setuptools either.

    Delete when mmengine catches whatever ``import torchvision`` raises and
    imports distutils no longer.
    """
    import mmengine.runner.runner as runner
    import mmengine.utils.dl_utils as dl_utils

    theirs = dl_utils.collect_env
    if hasattr(theirs, '__wrapped__'):  # mended already
        return

    @functools.wraps(theirs)
    def collect_env() -> Dict[str, str]:
        hidden, fault = missing_distutils(), torchvision_fault()
        if fault is not None:
            from mmengine.logging import print_log

            print_log(fault, logger='current', level=logging.WARNING)
            hidden['torchvision'] = None
        with in_place_of_modules(hidden):
            return theirs()

    dl_utils.collect_env = runner.collect_env = collect_env


def missing_distutils() -> Dict[str, types.ModuleType]:
    """What mmengine takes from distutils, where there is none.

    Returns:
        dict[str, ModuleType]: Modules by name.
    """
    if importlib.util.find_spec('distutils') is not None:
        return {}
    package = types.ModuleType('distutils')
    package.errors = types.ModuleType('distutils.errors')
    package.errors.DistutilsPlatformError = OSError
    return {module.__name__: module for module in (package, package.errors)}


def torchvision_fault() -> Optional[str]:
    """Why an installed torchvision cannot be imported, and what to do.

    Returns:
        str: One line, None where it can be imported or is not installed.
    """
    import torch

    try:
        import torchvision  # noqa: F401
    except ModuleNotFoundError:
        return None
    except Exception as error:
        reason = (str(error).strip() or type(error).__name__).splitlines()[0]
        torch_version = torch.__version__.partition('+')[0]
        return (
            'torchvision cannot be imported beside torch '
            f'{torch.__version__} ({reason}): `pip install --upgrade '
            f'torch=={torch_version} torchvision`, from the index that torch '
            'came from, brings the one made for it. Nothing here needs it'
        )


@contextmanager
def in_place_of_modules(modules: Dict[str, object]) -> Iterator[None]:
    """Let ``import`` find these in the place of modules, which cannot be
    imported at all if it is None. What else is imported meanwhile stays.

    Args:
        modules (dict): Modules or None, by name.
    """
    before = {
        name: sys.modules[name] for name in modules if name in sys.modules
    }
    sys.modules.update(modules)
    try:
        yield
    finally:
        for name in modules:
            del sys.modules[name]
        sys.modules.update(before)
