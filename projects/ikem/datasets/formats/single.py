"""One clip in a file of its own, as people hand it to a trained model."""

import json
from pathlib import Path
from typing import Any

import numpy as np

from . import restricted_pickle
from .arrays import open_npy
from .errors import FormatError
from .labels import plain

SUFFIXES = ('.npy', '.pkl', '.pickle', '.json')


def read_array(path) -> np.ndarray:
    """Read the joints of one clip.

    Args:
        path (str | PathLike): An npy file; a pickle of an array, of an
            annotation of the toolbox or of a set of one clip; or a json with
            ``keypoint``, (M, T, V, 3), or ``skeletons``, (T, V, 3).

    Returns:
        np.ndarray: Joints of shape (M, T, V, 3), numbers of any kind.

    Raises:
        FormatError: If the file holds no such clip, or several.
        OSError: If it cannot be read.
    """
    path = Path(path)
    if path.suffix == '.npy':
        content = open_npy(path)
    elif path.suffix == '.json':
        try:
            content = json.loads(path.read_bytes())
        except (ValueError, RecursionError) as error:
            raise FormatError(path, f'no json: {error}') from error
    else:
        content = restricted_pickle.load(path)
    joints = _joints_of(content)
    # lists that are shared in a pickle count once in the file
    if _size_of(joints) > path.stat().st_size:
        raise FormatError(path, 'claims more numbers than it has bytes')
    try:
        x = np.asarray(joints)
        x = x.astype(np.float64) if x.dtype.kind in 'fiu' else np.empty(0)
    except (TypeError, ValueError, OverflowError):
        x = np.empty(0)
    if x.ndim == 3:  # of one person
        x = x[None]
    if x.ndim != 4 or x.shape[3] != 3 or not x.size:
        raise FormatError(
            path,
            'holds no single clip: joints are numbers of shape (persons, '
            'frames, joints, 3) or (frames, joints, 3), in a json as '
            "'keypoint' or 'skeletons', in a pickle as 'keypoint' or alone",
        )
    return x


def _joints_of(content: Any) -> Any:
    if isinstance(content, dict) and 'annotations' in content:
        content = content['annotations']
    if isinstance(content, list) and len(content) == 1:
        if isinstance(content[0], dict):
            (content,) = content
    if isinstance(content, dict):
        frames = plain(content.get('total_frames'))
        if 'keypoint' in content and isinstance(frames, int):
            x = content['keypoint']
            if isinstance(x, np.ndarray) and x.ndim == 4:
                return x[:, :frames]
            return [person[:frames] for person in x]
        return content.get('keypoint', content.get('skeletons'))
    return content


def _size_of(nested: Any) -> int:
    """Numbers of nested lists, as the first of each has them."""
    size = 1
    while isinstance(nested, (list, tuple)) and nested:
        size *= len(nested)
        nested = nested[0]
    return size
