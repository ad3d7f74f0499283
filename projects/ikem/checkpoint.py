"""Reading checkpoints without executing what they hold."""

import os
import os.path as osp
import pickle
from typing import Any, Callable, Dict, List, Mapping, Optional, Set, Union
from urllib.parse import urlparse

import torch
from mmengine.logging import HistoryBuffer
from torch import Tensor, nn

from projects.ikem.skeletons import LAYOUTS
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


def get_state_dict(checkpoint: object) -> Dict[str, Tensor]:
    """The state dict of a checkpoint, without prefixes ``module.``.

    Args:
        checkpoint (dict): A state dict, or a dict with ``'state_dict'``.

    Raises:
        ValueError: If it is neither, or holds anything but tensors.
    """
    state = checkpoint
    if isinstance(state, Mapping) and 'state_dict' in state:
        state = state['state_dict']
    if not isinstance(state, Mapping) or not state:
        raise ValueError('the checkpoint holds no state dict')
    wrong = [str(k) for k, v in state.items() if not isinstance(v, Tensor)]
    if wrong:
        raise ValueError(f'entries that are no tensors: {", ".join(wrong)}')
    if all(name.startswith('module.') for name in state):
        return {name[len('module.') :]: v for name, v in state.items()}
    return dict(state)


def require_same_skeleton(
    model: nn.Module, state_dict: Mapping[str, Tensor], what: str
) -> None:
    """Refuse encoders of another skeleton.

    Args:
        model (nn.Module): The model, or a part of it.
        state_dict (dict[str, Tensor]): What is about to be loaded into it.
        what (str): Says what that is.

    Raises:
        RuntimeError: If they have other numbers of joints.
    """
    theirs, ours = _skeleton(state_dict), _skeleton(model.state_dict())
    if theirs and ours and theirs != ours:
        raise RuntimeError(
            f'{what} is for {theirs}, the model for {ours}: encoders transfer '
            'between data of one layout; set layout in model.data_preprocessor'
            ', or use another checkpoint'
        )


def _skeleton(state: Mapping[str, Tensor]) -> Optional[str]:
    """The skeletons that an encoder's graph is of, in words."""
    for name, value in state.items():
        if name.endswith('gcn.0.gcn.A'):  # of all of the toolbox's ST-GCNs
            joints = value.shape[-1]
            layouts = [
                repr(layout.name)
                for layout in LAYOUTS.values()
                if layout.num_joints == joints
            ]
            known = f' (as {" and ".join(layouts)} have)' if layouts else ''
            return f'{joints} joints{known}'
    return None


def require_fit(model: nn.Module, state_dict: Mapping[str, Tensor]) -> None:
    """Refuse a state dict that does not fit a model.

    Args:
        model (nn.Module): The model.
        state_dict (dict[str, Tensor]): What is about to be loaded.

    Raises:
        RuntimeError: If it is of another skeleton, or a parameter or buffer
            is missing, left over or of another shape; names them.
    """
    require_same_skeleton(model, state_dict, 'the checkpoint')
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
            'the checkpoint does not fit the model of this config, use the '
            f'config that it was trained with; parameters {wrong}'
        )


def _some(names: Set[str], most: int = 5) -> str:
    """The first names, and how many there are besides."""
    text = ', '.join(sorted(names)[:most])
    more = len(names) - most
    return f'{text} and {more} more' if more > 0 else text
