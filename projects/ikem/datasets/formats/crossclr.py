"""Data prepared as for CrosSCLR: ``{train,val}_position.npy`` and labels.

The clips, (N, C=3, T=50, V=25, M=2), are centred, resampled and aligned
already. A label pickle holds (names, labels) or (names, labels, frame counts).
"""

from pathlib import Path
from typing import Dict, List, NamedTuple, Optional

import numpy as np

from . import restricted_pickle
from .errors import FormatError

PARTS = ('train', 'val')
NUM_COORDINATES, NUM_JOINTS, NUM_PERSONS = 3, 25, 2


class ClipRef(NamedTuple):
    """Where a clip is and what it is."""

    path: Path  # of the array
    index: int
    frame_dir: str
    label: int
    raw_frames: int


def list_clips(
    folder, part: str, time_scale: Optional[float] = None
) -> List[ClipRef]:
    """List the clips of one part.

    Args:
        folder (str | PathLike): The folder with the four files.
        part (str): ``'train'`` or ``'val'``.
        time_scale (float, optional): Raw frames per frame of the clips, for
            label pickles without frame counts.

    Raises:
        FormatError: If a file is damaged, they do not fit to each other, or
            there are neither frame counts nor ``time_scale``.
        OSError: If a file cannot be read.
    """
    path = Path(folder) / f'{part}_position.npy'
    label_path = Path(folder) / f'{part}_label.pkl'
    array = _open_array(path)
    entries = restricted_pickle.load(label_path)
    if not isinstance(entries, (tuple, list)) or len(entries) not in (2, 3):
        raise FormatError(
            label_path,
            'expected a tuple (names, labels) or (names, labels, '
            'frame counts)',
        )
    names, *numbers = entries
    for field in entries:
        if not isinstance(field, (list, tuple, np.ndarray)) or len(
            field
        ) != len(array):
            raise FormatError(
                label_path,
                f'names, labels and frame counts must have one '
                f'entry for each of the {len(array)} clips of {path.name}',
            )
    if not all(isinstance(name, str) for name in names):
        raise FormatError(label_path, 'a name is no text')
    labels = _to_integers(label_path, 'labels', numbers[0], minimum=0)
    if len(numbers) == 2:
        frames = _to_integers(
            label_path, 'frame counts', numbers[1], minimum=1
        )
    elif time_scale is None:
        raise FormatError(
            label_path,
            'holds no frame counts, so the time scale of the '
            'clips is unknown; --time-scale 1 does without, as the released '
            'three-modality models were trained',
        )
    else:
        frames = [max(1, round(time_scale * array.shape[2]))] * len(array)
    return [
        ClipRef(path, index, Path(name).stem, label, raw_frames)
        for index, (name, label, raw_frames) in enumerate(
            zip(names, labels, frames)
        )
    ]


def read_clip(clip: ClipRef) -> Dict:
    """Read one clip.

    Returns:
        dict: frame_dir (str), label (int, from 0), keypoint (np.ndarray,
        (M=2, T=50, V=25, C=3), float32) and raw_frames (int, T_raw).

    Raises:
        FormatError: If the clip is not finite, or nobody is in it.
    """
    # mapped anew for each clip: that costs little, and workers share nothing
    array = _open_array(clip.path)[clip.index]  # (C, T, V, M)
    with np.errstate(over='ignore'):  # reported as infinite below
        keypoint = array.transpose(3, 1, 2, 0).astype(np.float32)
    if not np.isfinite(keypoint).all():
        raise FormatError(
            clip.path,
            f'clip {clip.frame_dir} (row {clip.index}) is not finite',
        )
    if not keypoint.any():
        raise FormatError(
            clip.path,
            f'nobody to see: clip {clip.frame_dir} '
            f'(row {clip.index}) is all zeros',
        )
    return dict(
        frame_dir=clip.frame_dir,
        label=clip.label,
        keypoint=keypoint,
        raw_frames=clip.raw_frames,
    )


def _open_array(path: Path) -> np.ndarray:
    with open(path, 'rb'):
        pass  # a missing file is an OSError, not a damaged one
    try:
        array = np.lib.format.open_memmap(path, mode='r')
    except Exception as error:  # numpy's parser raises what it comes across
        raise FormatError(path, f'no whole npy array: {error}') from error
    expected = (NUM_COORDINATES, NUM_JOINTS, NUM_PERSONS)
    if (
        array.dtype.kind != 'f'
        or array.ndim != 5
        or (array.shape[1], *array.shape[3:]) != expected
    ):
        raise FormatError(
            path,
            f'holds {array.dtype} of shape {array.shape}, expected '
            'floats of shape (clips, 3, frames, 25, 2)',
        )
    return array


def _to_integers(path: Path, what: str, values, minimum: int) -> List[int]:
    if not all(
        isinstance(value, (int, np.integer)) and value >= minimum
        for value in values
    ):
        raise FormatError(
            path, f'{what} must be integers of at least {minimum}'
        )
    return [int(value) for value in values]
