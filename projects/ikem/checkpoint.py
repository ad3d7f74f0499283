"""Reading checkpoints without executing what they hold."""

import os.path as osp
import pickle
from typing import Any, Callable, Dict, List, Mapping, Optional, Set, Union

import numpy as np
import torch
from mmengine.logging import HistoryBuffer
from torch import Tensor, nn

from projects.ikem.unpickling import (
    NDARRAY,
    Refused,
    plain_dtype,
    reconstruct,
)

# Numbers, booleans and strings; neither objects nor records of them.
_DTYPES = {type(np.dtype(code)) for code in '?bBhHiIlLqQefdSU'}
# How torch's reader says that a file asks for more than is admitted.
_REFUSALS = ('GLOBAL', 'allowlist', 'getattr', 'arrays of', 'reduce for')


def _history_method(obj: Any, name: str) -> Callable:
    """Stand-in for ``getattr``, as which pickle writes the methods that a
    HistoryBuffer holds: ``getattr(HistoryBuffer, 'mean')``."""
    if obj is HistoryBuffer and name in ('min', 'max', 'mean', 'current'):
        return getattr(HistoryBuffer, name)
    raise Refused(f'getattr({obj!r}, {name!r})')


def _admitted() -> List:
    """What mmengine's checkpoints hold beside tensors and plain types."""
    scalar = np.float64(0).__reduce__()[0]
    return [
        HistoryBuffer,
        *_DTYPES,
        (_history_method, 'builtins.getattr'),
        (NDARRAY, 'numpy.ndarray'),
        (plain_dtype, 'numpy.dtype'),
        # arrays get their state only if their class is admitted, which must
        # not be called: no pickle can spell a name with a line break
        (np.ndarray, 'numpy.ndarray\n'),
        *(
            entry
            for core in ('numpy.core', 'numpy._core')
            for entry in (
                (reconstruct, f'{core}.multiarray._reconstruct'),
                (scalar, f'{core}.multiarray.scalar'),
            )
        ),
    ]


def load_from_local(
    filename: str, map_location: Optional[Union[str, Callable]] = None
) -> Dict:
    """Read a checkpoint file that holds tensors and what mmengine writes.

    The text of the config that made the checkpoint is dropped from ``meta``
    where mmengine would execute it on resuming.

    Args:
        filename (str): Path of the file.
        map_location (str | callable, optional): As for ``torch.load``.

    Returns:
        dict: The checkpoint.

    Raises:
        FileNotFoundError: If there is no such file.
        ValueError: If the file is damaged, or holds anything that could
            execute code.
    """
    filename = osp.expanduser(filename)
    if not osp.isfile(filename):
        raise FileNotFoundError(f'{filename} can not be found.')
    try:
        with torch.serialization.safe_globals(_admitted()):
            checkpoint = torch.load(
                filename, map_location=map_location, weights_only=True
            )
    except pickle.UnpicklingError as error:
        # torch says it last, after paragraphs on its own options
        what = str(error).split('error: ')[-1].strip()
        what = what.split('. ')[0].split('\n')[0]
        if not any(word in what for word in _REFUSALS):
            raise ValueError(
                f'{filename} is no checkpoint, or a damaged one: {what}'
            ) from error
        raise ValueError(
            f'{filename} is refused, since it holds more than tensors and '
            f'what mmengine writes, which could execute code ({what}). If you '
            'trust where it comes from, read it with torch.load('
            'weights_only=False) and save its state_dict alone: '
            'torch.save(dict(state_dict=...), NEW_FILE)'
        ) from error
    # any bytes may come: torch raises almost everything there is
    except Exception as error:
        raise ValueError(
            f'{filename} is damaged or truncated: {error}'
        ) from error
    meta = checkpoint.get('meta') if isinstance(checkpoint, dict) else None
    if isinstance(meta, dict):
        meta.pop('config', None)
    return checkpoint


def require_fit(model: nn.Module, state_dict: Mapping[str, Tensor]) -> None:
    """Refuse a state dict that does not fit a model.

    Args:
        model (nn.Module): The model.
        state_dict (dict[str, Tensor]): What is about to be loaded.

    Raises:
        RuntimeError: If a parameter or buffer is missing, left over or of
            another shape; names them.
    """
    ours = {k: v.shape for k, v in model.state_dict().items()}
    theirs = {k: v.shape for k, v in state_dict.items()}
    shared = ours.keys() & theirs.keys()
    misfits = {
        'missing': ours.keys() - theirs.keys(),
        'left over': theirs.keys() - ours.keys(),
        'of another shape': {k for k in shared if ours[k] != theirs[k]},
    }
    wrong = '; '.join(
        f'{kind}: {_some(keys)}' for kind, keys in misfits.items() if keys
    )
    if wrong:
        raise RuntimeError(
            'the checkpoint does not fit the model of this '
            f'config; parameters {wrong}'
        )


def _some(names: Set[str], most: int = 5) -> str:
    """The first names, and how many there are besides."""
    text = ', '.join(sorted(names)[:most])
    more = len(names) - most
    return f'{text} and {more} more' if more > 0 else text
