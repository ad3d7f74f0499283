"""Reading checkpoints without executing what they hold."""

import os.path as osp
import pickle
import zipfile
from typing import Any, Callable, Dict, List, Optional, Union

import numpy as np
import torch
from mmengine.logging import HistoryBuffer

# Numbers, booleans and strings; neither objects nor records of them.
_DTYPES = {type(np.dtype(code)) for code in '?bBhHiIlLqQefdFDSU'}


def _history_method(obj: Any, name: str) -> Callable:
    """Stand-in for ``getattr``, as which pickle writes the methods that a
    HistoryBuffer holds: ``getattr(HistoryBuffer, 'mean')``."""
    if obj is HistoryBuffer and name in ('min', 'max', 'mean', 'current'):
        return getattr(HistoryBuffer, name)
    raise pickle.UnpicklingError(f'getattr({obj!r}, {name!r})')


def _admitted() -> List:
    """What mmengine's checkpoints hold beside tensors and plain types."""
    _reconstruct = np.zeros(0).__reduce__()[0]
    scalar = np.float64(0).__reduce__()[0]
    return [
        HistoryBuffer,
        (_history_method, 'builtins.getattr'),
        np.ndarray,
        np.dtype,
        *_DTYPES,
        *(
            (_reconstruct, f'numpy.{core}.multiarray._reconstruct')
            for core in ('core', '_core')
        ),
        *(
            (scalar, f'numpy.{core}.multiarray.scalar')
            for core in ('core', '_core')
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
        if not zipfile.is_zipfile(filename):
            raise ValueError(
                f'{filename} is no checkpoint, or a damaged one'
            ) from error
        # torch says it last, after paragraphs on its own options
        what = str(error).split('error: ')[-1].split('. ')[0].split('\n')[0]
        raise ValueError(
            f'{filename} is refused, since it holds more than tensors and '
            f'what mmengine writes, which could execute code ({what}). If you '
            'trust where it comes from, read it with torch.load('
            'weights_only=False) and save its state_dict alone: '
            'torch.save(dict(state_dict=...), NEW_FILE)'
        ) from error
    except (RuntimeError, EOFError, ValueError, KeyError) as error:
        raise ValueError(
            f'{filename} is damaged or truncated: {error}'
        ) from error
    if isinstance(checkpoint, dict) and 'meta' in checkpoint:
        checkpoint['meta'].pop('config', None)
    return checkpoint
