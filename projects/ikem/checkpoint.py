"""Reading checkpoints without executing what they hold."""

import os
import os.path as osp
import pickle
from pathlib import Path
from typing import Any, Callable, Dict, List, Mapping, Optional, Tuple, Union
from urllib.parse import urlparse

import torch
from mmengine.logging import HistoryBuffer, print_log
from mmengine.runner import CheckpointLoader
from torch import Tensor

from ikem_cli.places import find_weights
from projects.ikem.unpickling import (
    NDARRAY,
    PlainArray,
    PlainDtype,
    Refused,
    no_bytes,
    reconstruct,
    scalar,
)

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
    return [
        HistoryBuffer,
        (_history_method, 'builtins.getattr'),
        (no_bytes, 'builtins.bytes'),
        (NDARRAY, 'numpy.ndarray'),
        (PlainDtype, 'numpy.dtype'),
        # arrays get their state only if their class is admitted, which must
        # not be called: no pickle can spell a name with a line break
        (PlainArray, 'PlainArray\n'),
        *(
            entry
            for core in ('numpy.core', 'numpy._core')
            for entry in (
                (reconstruct, f'{core}.multiarray._reconstruct'),
                (scalar, f'{core}.multiarray.scalar'),
            )
        ),
    ]


def find_checkpoint(path: str) -> str:
    """The file of a checkpoint.

    Args:
        path (str): The file, a work dir, of which the last checkpoint
            counts: the one that its file ``last_checkpoint`` names, or
            ``ikem::NAME.pth``, see :func:`ikem_cli.places.find_weights`.

    Raises:
        FileNotFoundError: If there is none.
    """
    path = osp.expanduser(find_weights(path))
    if osp.isdir(path):
        note = Path(path, 'last_checkpoint')
        if not note.is_file():
            raise FileNotFoundError(
                f'{path} has no last_checkpoint: give a checkpoint, or a work '
                'dir of a training that has saved one'
            )
        named = note.read_text(errors='replace').strip()
        # mmengine writes where it was: the folder may have been moved since
        beside = osp.join(path, osp.basename(named))
        path = beside if osp.isfile(beside) else named
    if not osp.isfile(path):
        raise FileNotFoundError(f'{path} is missing')
    return path


def load_from_local(
    filename: str, map_location: Optional[Union[str, Callable]] = None
) -> Dict:
    """Read a checkpoint that holds tensors and what mmengine writes.

    The text of the config that made the checkpoint is dropped from ``meta``
    where mmengine would execute it on resuming.

    Args:
        filename (str): Path of the file, or of a work dir, see
            :func:`find_checkpoint`.
        map_location (str | callable, optional): As for ``torch.load``.

    Returns:
        dict: The checkpoint.

    Raises:
        FileNotFoundError: If there is none.
        ValueError: If the file is damaged, or holds anything that could
            execute code.
    """
    folder, filename = filename, find_checkpoint(filename)
    if osp.isdir(folder):
        print_log(f'{folder}: the last checkpoint is {filename}', 'current')
    try:
        with torch.serialization.safe_globals(_admitted()):
            checkpoint = torch.load(
                filename, map_location=map_location, weights_only=True
            )
    except pickle.UnpicklingError as error:
        # torch wraps it in paragraphs on its own options
        what = str(error.__context__ or error)
        what = what.split('. ')[0].split('\n')[0].rstrip('.')
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


def load_url(
    url: str,
    model_dir: Optional[str] = None,
    map_location: Optional[Union[str, Callable]] = None,
    progress: bool = True,
) -> Dict:
    """Download a checkpoint once, and read it as :func:`load_from_local`.

    Args:
        url (str): Its address, whose last part names the file.
        model_dir (str, optional): Where to keep it. Defaults to torch's
            folder.
        map_location (str | callable, optional): As for ``torch.load``.
        progress (bool): Whether to show the progress. Defaults to True.

    Returns:
        dict: The checkpoint.

    Raises:
        OSError: If it cannot be downloaded.
        ValueError: As for :func:`load_from_local`.
    """
    folder = model_dir or osp.join(torch.hub.get_dir(), 'checkpoints')
    filename = osp.join(folder, osp.basename(urlparse(url).path))
    if not osp.exists(filename):
        os.makedirs(folder, exist_ok=True)
        torch.hub.download_url_to_file(url, filename, progress=progress)
    return load_from_local(filename, map_location)


def read_checkpoint(path) -> Tuple[Dict[str, Tensor], Dict]:
    """Read the state dict of a checkpoint, without prefixes ``module.``.

    Args:
        path (str | PathLike): A checkpoint or its address, or the work dir
            whose last one counts; a bare state dict, or a dict with
            ``'state_dict'``.

    Returns:
        tuple[dict[str, Tensor], dict]: The state dict, and what the
        checkpoint says of its training (``'meta'``).

    Raises:
        FileNotFoundError: If there is none.
        ValueError: As for :func:`load_from_local`, or if it holds no state
            dict, or anything but tensors in one.
    """
    checkpoint = CheckpointLoader.load_checkpoint(
        os.fspath(path), 'cpu', logger='silent'
    )
    state, meta = checkpoint, None
    if isinstance(state, Mapping) and 'state_dict' in state:
        state, meta = state['state_dict'], state.get('meta')
    if not isinstance(state, Mapping) or not state:
        raise ValueError(f'{path} holds no state dict')
    wrong = [str(k) for k, v in state.items() if not isinstance(v, Tensor)]
    if wrong:
        raise ValueError(
            f'{path} has entries that are no tensors: {", ".join(wrong)}'
        )
    if all(name.startswith('module.') for name in state):
        state = {name[len('module.') :]: v for name, v in state.items()}
    return dict(state), meta if isinstance(meta, dict) else {}
