"""Look up installed packages."""

import importlib.metadata
import importlib.util
import os.path as osp


def mend_installed_packages() -> None:
    """mmengine looks packages up with ``pkg_resources``, which is slow and
    warns, and which setuptools >= 82 no longer has, so that ``mmaction::``
    bases of configs fail.

    Delete when mmengine uses importlib.metadata.
    """
    import mmengine.config.config as config
    import mmengine.hub.hub as hub
    import mmengine.utils as utils
    import mmengine.utils.package_utils as package_utils

    if 'pkg_resources' not in package_utils.is_installed.__code__.co_names:
        return
    for module in (package_utils, utils, config, hub):
        for mended in (is_installed, get_installed_path):
            if hasattr(module, mended.__name__):
                setattr(module, mended.__name__, mended)


def _module_of(package: str) -> str:
    """Top-level module of an installed distribution, else the same name."""
    try:
        text = importlib.metadata.distribution(package).read_text(
            'top_level.txt'
        )
    except importlib.metadata.PackageNotFoundError:
        text = None
    return text.split()[0] if text else package


def is_installed(package: str) -> bool:
    """Whether a distribution or module is installed.

    Args:
        package (str): Name of the distribution or module.
    """
    spec = importlib.util.find_spec(_module_of(package))
    return spec is not None and spec.origin is not None


def get_installed_path(package: str) -> str:
    """Folder of an installed package.

    Args:
        package (str): Name of the distribution or module.

    Raises:
        ModuleNotFoundError: If it is not installed.
    """
    if not is_installed(package):
        raise ModuleNotFoundError(f'{package} is not installed')
    return osp.dirname(importlib.util.find_spec(_module_of(package)).origin)
