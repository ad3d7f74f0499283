"""NW-UCLA skeletons: one json a clip, named ``aAA_sSS_eEE_vVV.json``.

The json holds ``file_name``, ``label`` (from 1) and ``skeletons``, the joints
of one person, (T, 20, 3), in metres. The authors' own files are text, one a
frame: ``view_V/aAA_sSS_eEE/frame_N_..._skeletons.txt``, a joint per line.
"""

import json
import re
from collections import defaultdict
from pathlib import Path
from typing import Any, Dict, List, Optional, Tuple

import numpy as np

from .errors import FormatError

NUM_JOINTS = 20
# The actions that were recorded, in the order of the labels.
ACTIONS = (1, 2, 3, 4, 5, 6, 8, 9, 11, 12)

_VIEW = re.compile(r'view_?0?(\d)', re.ASCII)
_FRAME = re.compile(r'frame_(\d+)_', re.ASCII)
_NAME = re.compile(r'a(\d{2})_s(\d{2})_e(\d{2})_v(\d{2})', re.ASCII)


def parse_name(name: str) -> Dict[str, int]:
    """Parse the name of an NW-UCLA clip.

    Args:
        name (str): Such as ``'a12_s01_e03_v02'``; a folder before and a
            suffix after it do not matter.

    Returns:
        dict[str, int]: action (one of ``ACTIONS``), subject, episode and
        camera, as in the name.

    Raises:
        FormatError: If it is no such name.
    """
    match = _NAME.fullmatch(Path(name).stem)
    fields = [int(number) for number in match.groups()] if match else [None]
    if fields[0] not in ACTIONS:
        raise FormatError(
            name,
            'the name is not aAA_sSS_eEE_vVV with AA one of the actions '
            f'{ACTIONS}',
        )
    return dict(zip(('action', 'subject', 'episode', 'camera'), fields))


def read_nwucla(path) -> Dict:
    """Read one json of NW-UCLA.

    Args:
        path (str | PathLike): The file, named as :func:`parse_name` says.

    Returns:
        dict: frame_dir (str), label (int, 0 to 9 in the order of
        ``ACTIONS``), keypoint (np.ndarray, (M=1, T, V=20, C=3), float32,
        metres), raw_frames (int, T) and length (int, T as well).

    Raises:
        FormatError: If the file is not as the format says.
        OSError: If the file cannot be read.
    """
    path = Path(path)
    label = ACTIONS.index(parse_name(str(path))['action'])
    clip = _load_json(path)
    if clip.get('file_name') != path.stem:
        raise FormatError(
            path,
            f'file_name {clip.get("file_name")!r:.60} is not the name '
            'of the file',
        )
    if clip.get('label') != label + 1:
        raise FormatError(
            path,
            f'label {clip.get("label")!r:.60} does not belong to the '
            f'action of the name, whose label is {label + 1}',
        )
    joints = _to_joints(path, clip.get('skeletons'))
    return dict(
        frame_dir=path.stem,
        label=label,
        keypoint=joints[None],
        raw_frames=len(joints),
        length=len(joints),
    )


def find_text_clips(folder) -> Dict[str, List[Path]]:
    """Find the frames of the clips of the authors' text files.

    Args:
        folder (str | PathLike): The folder with ``view_1`` and so on, or one
            above it.

    Returns:
        dict[str, list[Path]]: Files of the frames in order, by name of the
        clip, such as ``'a12_s01_e03_v02'``.
    """
    clips = defaultdict(list)
    for path in Path(folder).rglob('frame_*_skeletons.txt'):
        view = _VIEW.fullmatch(path.parent.parent.name)
        number = _FRAME.match(path.name)
        if view and number:
            name = f'{path.parent.name}_v{int(view[1]):02d}'
            clips[name].append((int(number[1]), path))
    return {
        name: [path for _, path in sorted(frames)]
        for name, frames in sorted(clips.items())
    }


def read_text_clip(job: Tuple[str, List[Path]]) -> Dict:
    """Read one clip of text files; frames without a skeleton are left out.

    Args:
        job (tuple[str, list[Path]]): Name of the clip, and its frames.

    Returns:
        dict: As :func:`read_nwucla`; raw_frames counts all frames.

    Raises:
        FormatError: If the name or a frame is not as the format says.
        OSError: If a file cannot be read.
    """
    name, paths = job
    label = ACTIONS.index(parse_name(name)['action'])
    frames = [x for x in map(_read_frame, paths) if x is not None]
    if not frames:
        raise FormatError(
            paths[0].parent, 'nobody to see: no frame has joints'
        )
    return dict(
        frame_dir=name,
        label=label,
        keypoint=np.stack(frames)[None],
        raw_frames=len(paths),
        length=len(frames),
    )


def _read_frame(path: Path) -> Optional[np.ndarray]:
    """Joints (V, C) of the first person; None where there is none."""
    rows = []
    for line in path.read_text('utf-8-sig', errors='replace').splitlines():
        numbers = line.replace(',', ' ').split()
        if len(numbers) in (3, 4):  # the fourth is a confidence
            rows.append(numbers[:3])
    try:
        x = np.array(rows[:NUM_JOINTS], np.float32)
    except ValueError as error:
        raise FormatError(path, f'no numbers: {error}') from error
    if rows and (len(rows) % NUM_JOINTS or not np.isfinite(x).all()):
        raise FormatError(
            path, f'expected {NUM_JOINTS} joints of 3 finite numbers'
        )
    return x if x.any() else None


def _load_json(path: Path) -> Dict:
    try:
        # as floats, since integers may be too large for any array
        clip = json.loads(path.read_bytes(), parse_int=float)
    except json.JSONDecodeError as error:
        raise FormatError(
            path, f'no json: {error.msg}', error.lineno
        ) from error
    except (ValueError, RecursionError) as error:
        raise FormatError(path, f'no json: {error}') from error
    if not isinstance(clip, dict):
        raise FormatError(path, 'the json holds no dict')
    return clip


def _to_joints(path: Path, skeletons: Any) -> np.ndarray:
    """Convert nested lists to joints of shape (T, V, C)."""
    # of another type, one long text would make all entries as long
    joints = np.array(skeletons, dtype=object)
    if joints.shape[1:] != (NUM_JOINTS, 3) or not len(joints):
        raise FormatError(
            path,
            f'skeletons is missing or has the shape {joints.shape}, expected '
            f'(frames, {NUM_JOINTS}, 3)',
        )
    if not all(isinstance(number, float) for number in joints.flat):
        raise FormatError(path, 'skeletons holds more than numbers')
    with np.errstate(over='ignore'):  # reported as infinite below
        joints = joints.astype(np.float32)
    finite = np.isfinite(joints).all(axis=(1, 2))
    if not finite.all():
        raise FormatError(
            path, f'a joint of frame {int(finite.argmin()) + 1} is not finite'
        )
    return joints
