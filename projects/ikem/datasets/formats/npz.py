"""The npz files of CTR-GCN, which InfoGCN, HD-GCN and MAMP read as well.

``x_train`` and ``x_test`` hold clips (N, T, M V C) with C = 3, zero behind
their end, ``y_train`` and ``y_test`` one-hot labels.
"""

from pathlib import Path
from typing import Dict, List, NamedTuple, Tuple

import numpy as np

from ..prepared_checks import UNLABELLED
from .arrays import names_of, open_npz
from .bodies import left_out, pack_persons
from .errors import FormatError
from .padding import num_frames_of

PARTS = {'train': 'train', 'val': 'test'}  # by the names of splits


class NpzClip(NamedTuple):
    """Where a clip is and what it is."""

    path: Path
    part: str
    index: int
    label: int

    @property
    def frame_dir(self) -> str:
        """str: The files have no names."""
        return f'{self.part}_{self.index:06d}'


def list_npz(path) -> Tuple[List[NpzClip], int]:
    """List the clips of a file.

    Args:
        path (str | PathLike): The file.

    Returns:
        tuple[list[NpzClip], int]: The clips, and the number of classes.

    Raises:
        FormatError: If an array is missing or they do not fit.
        OSError: If it cannot be read.
    """
    path, clips, num_classes = Path(path), [], 1
    names = names_of(path)
    for part, suffix in PARTS.items():
        if part == 'val' and f'x_{suffix}' not in names:
            continue  # a file of training clips alone
        x, y = (open_npz(path, f'{key}_{suffix}') for key in 'xy')
        if x.dtype.kind not in 'fiu' or y.dtype.kind not in 'fiub':
            raise FormatError(
                path, f'x_{suffix} and y_{suffix} have to be numbers'
            )
        if y.ndim == 2 and y.shape[1] == 1:
            y = y[:, 0]
        if not y.ndim or len(x) != len(y) or y.ndim > 2:
            raise FormatError(
                path,
                f'x_{suffix} has the shape {x.shape}, y_{suffix} {y.shape}: '
                'expected a label per clip',
            )
        if y.ndim == 2:
            num_classes = max(num_classes, y.shape[1])
            one = (y == 1).sum(1) == 1
            labels = np.where(one, y.argmax(1), UNLABELLED)
        else:
            labels = y.astype(np.int64)
            if (labels != y).any() or labels.min(initial=0) < UNLABELLED:
                raise FormatError(path, f'y_{suffix} holds no class numbers')
            num_classes = max(num_classes, int(labels.max(initial=0)) + 1)
        clips += [
            NpzClip(path, part, index, int(label))
            for index, label in enumerate(labels)
        ]
    if not clips:
        raise FormatError(path, 'holds no clips')
    return clips, num_classes


def read_npz_clip(
    clip: NpzClip, num_joints: int, num_persons: int = 2
) -> Dict:
    """Read one clip.

    Args:
        clip (NpzClip): The clip.
        num_joints (int): V.
        num_persons (int): M. Defaults to 2.

    Returns:
        dict: frame_dir (str), label (int, from 0), keypoint (np.ndarray,
        (M, T, V, C=3), float32), raw_frames and length (int) and counts
        (dict).

    Raises:
        FormatError: If it has another number of joints, is not finite or
            shows nobody.
    """
    x = open_npz(clip.path, f'x_{PARTS[clip.part]}')
    where = f'clip {clip.frame_dir}'
    if x.ndim != 3 or x.shape[2] % (3 * num_joints):
        raise FormatError(
            clip.path,
            f'holds clips of shape {x.shape[1:]}, which are no persons of '
            f'{num_joints} joints of 3 coordinates; give their --layout',
        )
    with np.errstate(over='ignore'):  # reported as infinite below
        x = np.array(x[clip.index], np.float32)
    x = x.reshape(len(x), -1, num_joints, 3).swapaxes(0, 1)
    if not np.isfinite(x).all():
        raise FormatError(clip.path, f'{where} is not finite')
    raw_frames = num_frames_of(x)
    if not raw_frames:
        raise FormatError(clip.path, f'nobody to see: {where} is all zeros')
    present = int(x.any(axis=(1, 2, 3)).sum())
    keypoint, length = pack_persons(x[:, :raw_frames], num_persons)
    return dict(
        frame_dir=clip.frame_dir,
        label=clip.label,
        keypoint=keypoint,
        raw_frames=raw_frames,
        length=length,
        counts=left_out(present, num_persons),
    )
