"""Import the toolboxes, whatever is installed beside them."""

import ast
import importlib.util
import os.path as osp
import sys
import types
import warnings
from importlib import import_module
from pathlib import Path
from typing import Iterator, Tuple

# Modules, and what to install for them
_REQUIRED = {
    'torch': 'torch',
    'mmengine': '"mmengine>=0.10.7,<1.0"',
    'mmcv': '"mmcv-lite>=2.0.0,<2.2.0"',
    'mmaction': '"mmaction2>=1.2.0,<2.0"',
}


def require_toolboxes() -> None:
    """Say what to install. mmcv and mmcv-lite provide the same module, so
    neither can be a hard requirement; the others are missing where pip was
    called with ``--no-deps``.

    Raises:
        ImportError: If torch or a toolbox is not installed.
    """
    for module, requirement in _REQUIRED.items():
        spec = importlib.util.find_spec(module)
        if spec is None or spec.origin is None:  # or a folder of that name
            hint = ' (enough for skeletons)' if module == 'mmcv' else ''
            name = 'mmaction2' if module == 'mmaction' else module
            raise ImportError(
                f'{name} is not installed: run '
                f'`pip install {requirement}`{hint}'
            )
    # mmcv-lite recommends the full mmcv, for a module that nothing here uses
    warnings.filterwarnings(
        'ignore', message='Fail to import ``MultiScaleDeformableAttention``'
    )


def mend_missing_drn() -> None:
    """``import mmaction.models`` needs ``mmaction.models.localizers.drn``,
    which the wheel of mmaction2 1.2.0 lacks, and which needs torchvision in
    a source checkout, though mmaction2 does not require it.

    Upstream: open-mmlab/mmaction2#2714. Delete when a release has it.
    """
    package = osp.dirname(importlib.util.find_spec('mmaction').origin)
    if not osp.isdir(osp.join(package, 'models', 'localizers', 'drn')):
        reason = (
            'is missing in this installation of mmaction2 '
            '(open-mmlab/mmaction2#2714): install mmaction2 from source'
        )
    elif not has_names('torchvision.ops'):
        reason = 'needs torchvision: install the one made for your torch'
    else:
        return

    class DRN:
        """Stand-in for the localizer that cannot be imported here."""

        def __init__(self, *args, **kwargs) -> None:
            raise ImportError(f'DRN {reason}')

    name = 'mmaction.models.localizers.drn'
    package, module = types.ModuleType(name), types.ModuleType(f'{name}.drn')
    package.__path__ = []
    package.drn, module.DRN = module, DRN
    sys.modules.setdefault(package.__name__, package)
    sys.modules.setdefault(module.__name__, module)


def mend_multimodal_models() -> None:
    """``mmaction.models`` imports its multimodal models where transformers is
    installed, whatever its version, and whether or not timm is there; if one
    of their imports fails, nothing of mmaction2 can be imported.

    Its own placeholders, which say what to install, take their place.
    Delete when mmaction2 imports them in a ``try``.
    """
    from mmaction.utils import dependency

    if not dependency.WITH_MULTIMODAL:
        return
    package = Path(importlib.util.find_spec('mmaction').origin).parent
    needs = {
        need
        for path in (package / 'models' / 'multimodal').rglob('*.py')
        for need in third_party_imports(path)
    }
    # in this order timm, of which there is less, comes before transformers
    if not all(has_names(*need) for need in sorted(needs)):
        dependency.WITH_MULTIMODAL = False


def third_party_imports(path: Path) -> Iterator[Tuple[str, ...]]:
    """What a file imports at its top level from neither its own package nor
    mmaction2.

    Args:
        path (Path): A Python file.

    Yields:
        tuple[str]: A module, and the names that are taken from it.
    """
    for node in ast.parse(path.read_text(encoding='utf-8')).body:
        if isinstance(node, ast.Import):
            modules = [(alias.name,) for alias in node.names]
        elif isinstance(node, ast.ImportFrom) and not node.level:
            modules = [(node.module, *(alias.name for alias in node.names))]
        else:
            modules = []
        for module in modules:
            if module[0].partition('.')[0] != 'mmaction':
                yield module


def has_names(module: str, *names: str) -> bool:
    """Whether a module can be imported and holds some names.

    Args:
        module (str): Dotted name of the module.
        names (str): Its attributes or submodules.
    """
    with warnings.catch_warnings():
        warnings.simplefilter('ignore')
        try:
            found = import_module(module)
            for name in names:
                if not hasattr(found, name):
                    import_module(f'{module}.{name}')
        except Exception:  # such as torchvision's RuntimeError
            return False
    return True
