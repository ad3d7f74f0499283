"""Where the files of this project are, in a checkout and in a wheel."""

import importlib
import importlib.util
import os
from pathlib import Path
from typing import Union

ROOT = Path(__file__).resolve().parents[1]
# The toolbox's folder of what is no module: links in a checkout.
_SHIPPED = ROOT / 'ikem' / '.mim'
CONFIGS = (_SHIPPED / 'configs').resolve()
TOOLS = (_SHIPPED / 'tools').resolve()
WEIGHTS = ROOT / 'projects' / 'ikem' / 'weights'
SCOPE = 'ikem::'
# The classifier that comes with the package, and its config.
BOXED_WEIGHTS = f'{SCOPE}synthetic.pth'
BOXED_CONFIG = (
    f'{SCOPE}finetune/finetune-3m_stgcn-slim-w8_1xb64-100e_synthetic-xsub.py'
)


def find_config(path: Union[str, Path]) -> str:
    """Path of a config.

    Args:
        path (str | Path): ``ikem::NAME`` for one that is shipped; else a
            path, which stands for a shipped one if there is no such file.
            ``NAME`` is ``ikem/FILE.py`` or ``configs/ikem/FILE.py``.

    Returns:
        str: The path of the file; what was given if there is none.
    """
    path = str(path)
    if not path.startswith(SCOPE) and Path(path).exists():
        return path
    name = path[len(SCOPE) :] if path.startswith(SCOPE) else path
    for folder in (CONFIGS, CONFIGS.parent):
        if (folder / name).is_file():
            return str(folder / name)
    return path


def require_config(path: str) -> None:
    """Say that a config is missing before anything is imported.

    Args:
        path (str): See :func:`find_config`.

    Raises:
        FileNotFoundError: If there is none.
    """
    if not Path(find_config(path)).is_file():
        raise FileNotFoundError(
            f'{path} is no config: give the path of a file, or a name that '
            '`ikem configs` lists'
        )


def find_weights(path: Union[str, Path]) -> str:
    """Path of a checkpoint.

    Args:
        path (str | Path): ``ikem::NAME.pth`` for weights that are shipped;
            else a path, which is returned as it is.

    Raises:
        FileNotFoundError: If none of that name are shipped; lists those that
            are.
    """
    path = str(path)
    if not path.startswith(SCOPE):
        return path
    found = {SCOPE + file.name: file for file in WEIGHTS.glob('*.pth')}
    if path not in found:
        names = ', '.join(sorted(found)) or 'none'
        raise FileNotFoundError(
            f'{path} are no weights of ikem: there are {names}'
        )
    return str(found[path])


def shown_config(path: Union[str, Path], folder: Path) -> str:
    """What to type for a config in a folder: ``ikem::NAME`` for one that is
    shipped, unless the folder is the checkout; else the path from there.

    Args:
        path (str | Path): Path of the config.
        folder (Path): The folder.
    """
    path = Path(path).resolve()
    here = (folder / 'configs').resolve() == CONFIGS
    if CONFIGS in path.parents and not here:
        return SCOPE + path.relative_to(CONFIGS).as_posix()
    return os.path.relpath(path, folder)


def reach_projects() -> None:
    """Let ``projects.ikem`` be found where another project has a regular
    package ``projects``, which hides all others of the name."""
    spec = importlib.util.find_spec('projects')
    if spec is None or spec.origin is None:  # a namespace hides nothing
        return
    package, ours = importlib.import_module('projects'), ROOT / 'projects'
    package.__path__ = [*getattr(package, '__path__', []), str(ours)]
