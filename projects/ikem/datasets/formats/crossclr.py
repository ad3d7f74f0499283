"""Arrays of ST-GCN's form: ``{train,val}_position.npy`` and label pickles.

Clips have the shape (N, C=3, T, V=25, M), M = 1 or 2. Those that were prepared
as for CrosSCLR have 50 frames and are centred, resampled and aligned already;
those of ST-GCN's and 2s-AGCN's ``gendata`` (``{train,val}_data_joint.npy``)
have 300 frames, padded with zeros or with themselves, and are not. A label
pickle holds (names, labels) or (names, labels, frame counts).
"""

from pathlib import Path
from typing import Dict, List, NamedTuple, Optional

import numpy as np

from . import restricted_pickle
from .arrays import open_npy
from .bodies import pack_persons
from .errors import FormatError
from .padding import num_frames_of

PARTS = ('train', 'val')
NAMES = ('position', 'data_joint', 'data')
NUM_COORDINATES, NUM_JOINTS, NUM_PERSONS = 3, 25, 2
NUM_FRAMES, CENTER = 50, 20  # of prepared clips, and the joint at 0


class ClipRef(NamedTuple):
    """Where a clip is and what it is."""

    path: Path  # of the array
    index: int
    frame_dir: str
    label: int
    raw_frames: Optional[int]  # None of clips that are not prepared


def is_prepared(folder) -> bool:
    """Whether clips are prepared, which those of ``gendata`` are not.

    These are not centred and have another number of frames than 50, or end in
    zeros.

    Args:
        folder (str | PathLike): The folder.

    Raises:
        FormatError: If an array is damaged, or one part is prepared and the
            other is not.
        OSError: If a file cannot be read.
    """
    answers = {}
    paths = {part: _find_array(folder, part) for part in PARTS}
    for part, path in paths.items():
        if not path.exists():
            continue  # which list_clips says
        array = _open_array(path)
        some = array[:64]
        centred = not np.any(some[:, :, :, CENTER])
        padded = not some[:, :, -1:].any(axis=(1, 2, 3, 4)).all()
        usual = array.shape[2] == NUM_FRAMES
        answers[part] = (usual or not padded) and (
            centred or (usual and not padded)
        )
    if len(set(answers.values())) > 1:
        raise FormatError(
            folder,
            f'the clips of one part have {NUM_FRAMES} frames or are centred, '
            'those of the other do not',
        )
    return answers.get('train', True)


def list_clips(
    folder,
    part: str,
    time_scale: Optional[float] = None,
    prepared: bool = True,
) -> List[ClipRef]:
    """List the clips of one part.

    Args:
        folder (str | PathLike): The folder with the four files.
        part (str): ``'train'`` or ``'val'``.
        time_scale (float, optional): Raw frames per frame of the clips, for
            label pickles without frame counts.
        prepared (bool): Whether the clips are. Defaults to True.

    Raises:
        FormatError: If a file is damaged, they do not fit to each other, or
            there are neither frame counts nor ``time_scale``.
        OSError: If a file cannot be read.
    """
    path = _find_array(folder, part)
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
    if not prepared:
        frames = [None] * len(array)  # counted when they are read
    elif len(numbers) == 2:
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
        (M=2, T, V=25, C=3), float32), raw_frames (int, T_raw), and length
        (int) of clips that are not prepared.

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
    result = dict(frame_dir=clip.frame_dir, label=clip.label)
    if clip.raw_frames is not None:
        missing = NUM_PERSONS - len(keypoint)
        keypoint = np.pad(keypoint, [(0, missing), *[(0, 0)] * 3])
        return dict(result, keypoint=keypoint, raw_frames=clip.raw_frames)
    raw_frames = num_frames_of(keypoint)
    keypoint, length = pack_persons(keypoint[:, :raw_frames], NUM_PERSONS)
    return dict(
        result, keypoint=keypoint, raw_frames=raw_frames, length=length
    )


def _find_array(folder, part: str) -> Path:
    """The array of a part by one of its names, the first if none is there."""
    paths = [Path(folder) / f'{part}_{name}.npy' for name in NAMES]
    return next((path for path in paths if path.exists()), paths[0])


def _open_array(path: Path) -> np.ndarray:
    array = open_npy(path)
    if (
        array.dtype.kind != 'f'
        or array.ndim != 5
        or (array.shape[1], array.shape[3]) != (NUM_COORDINATES, NUM_JOINTS)
        or not 1 <= array.shape[4] <= NUM_PERSONS
    ):
        raise FormatError(
            path,
            f'holds {array.dtype} of shape {array.shape}, expected '
            'floats of shape (clips, 3, frames, 25, 1 or 2)',
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
