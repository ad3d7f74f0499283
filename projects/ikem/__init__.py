"""Self-supervised skeleton action recognition, a plugin to mmaction2.

Importing it registers everything:
``custom_imports = dict(imports=['projects.ikem'])``.
"""

from . import compat

compat.mend()

from . import datasets, engine, models  # noqa: E402
from .version import __version__  # noqa: E402

__all__ = ['__version__', 'compat', 'datasets', 'engine', 'models']
