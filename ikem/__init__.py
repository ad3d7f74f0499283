"""``projects.ikem`` under a name of its own.

``import ikem``, or ``custom_imports = dict(imports=['ikem'])``, registers
everything as ``import projects.ikem`` does, and once: ``ikem.models`` is
``projects.ikem.models``. It works where another package is called
``projects``, too.
"""

import importlib
import importlib.util
import sys
from importlib.abc import Loader, MetaPathFinder
from importlib.machinery import ModuleSpec
from types import ModuleType

import ikem_cli  # noqa: F401  lets projects.ikem be found
from projects.ikem import __version__, compat, datasets, engine, models

__all__ = ['__version__', 'compat', 'datasets', 'engine', 'models']


class _Alias(MetaPathFinder, Loader):
    """Imports ``projects.ikem.NAME`` for ``ikem.NAME``."""

    def find_spec(self, name, path=None, target=None):
        ours = name.startswith(f'{__name__}.')
        if ours and importlib.util.find_spec(f'projects.{name}') is not None:
            return ModuleSpec(name, self)
        return None

    def create_module(self, spec: ModuleSpec) -> ModuleType:
        module = importlib.import_module(f'projects.{spec.name}')
        spec.loader_state = module.__spec__
        return module

    def exec_module(self, module: ModuleType) -> None:
        module.__spec__ = module.__spec__.loader_state  # not the alias's


sys.meta_path.insert(0, _Alias())
