"""Pose pickles of mmaction2 and PYSKL, such as ``ntu60_3d.pkl``.

They hold ``dict(split={name: [frame_dir]}, annotations=[dict(frame_dir,
label, keypoint, total_frames, ...)])`` with keypoint of shape (M, T, V, C).
"""

from pathlib import Path
from typing import Dict, List, NamedTuple, Tuple

import numpy as np

from . import restricted_pickle
from .bodies import present_frames_first
from .errors import FormatError

NUM_COORDINATES = 3
MAX_PERSONS = 2


class PosePickle(NamedTuple):
    """What a pose pickle holds."""

    annotations: List[Dict]
    split: Dict[str, List[str]]


def load_pose_pickle(path, num_joints: int) -> PosePickle:
    """Load a pose pickle, with a restricted unpickler.

    Args:
        path (str | PathLike): The file.
        num_joints (int): V of the skeleton layout the clips should have.

    Raises:
        FormatError: If the file is damaged, or holds poses of another kind.
        OSError: If the file cannot be read.
    """
    content = restricted_pickle.load(path)
    if not isinstance(content, dict) or not (
        isinstance(content.get('annotations'), list)
        and isinstance(content.get('split'), dict)
    ):
        raise FormatError(
            path,
            "expected a dict of 'split' (a dict) and 'annotations' (a list)",
        )
    annotations = content['annotations']
    if not annotations:
        raise FormatError(path, "'annotations' is empty")
    names = _get_names(path, annotations)
    split = {}
    for key, members in content['split'].items():
        if not isinstance(members, (list, tuple)) or not names.issuperset(
            member if isinstance(member, str) else None for member in members
        ):
            raise FormatError(
                path, f'split {key!r:.40} is no list of names of annotations'
            )
        split[str(key)] = list(members)
    # a pickle of another kind is refused once, not clip by clip
    _check_kind(path, annotations[0], num_joints)
    return PosePickle(annotations, split)


def count_persons(annotations: List[Dict]) -> int:
    """Count the persons to keep, M, the same for all clips: one or two."""
    persons = [
        len(annotation['keypoint'])
        for annotation in annotations
        if getattr(annotation.get('keypoint'), 'ndim', 0) == 4
    ]
    return min(max([1, *persons]), MAX_PERSONS)


def count_classes(annotations: List[Dict]) -> int:
    """Count the classes: one more than the largest label."""
    labels = [
        annotation['label']
        for annotation in annotations
        if isinstance(annotation.get('label'), (int, np.integer))
    ]
    return int(max([0, *labels])) + 1


def read_annotation(
    job: Tuple[Path, Dict], num_joints: int, num_persons: int
) -> Dict:
    """Check and convert one annotation of a pose pickle.

    Args:
        job (tuple[Path, dict]): Path of the pickle, and the annotation.
        num_joints (int): V.
        num_persons (int): M. Of more persons the first ones are kept, since
            the toolbox ranks them by motion energy; absent ones are zero.

    Returns:
        dict: frame_dir (str), label (int, from 0), keypoint (np.ndarray,
        (M, T, V, C=3), float32, the frames showing the first person to the
        front), raw_frames (int, T) and length (int, number of these
        frames).

    Raises:
        FormatError: If a field is wrong, or the clip shows nobody.
    """
    path, annotation = job
    name = annotation['frame_dir']
    _check_kind(path, annotation, num_joints)
    label, raw_frames = _get_counts(path, annotation)
    with np.errstate(over='ignore'):  # reported as infinite below
        given = annotation['keypoint'][:num_persons, :raw_frames].astype(
            np.float32
        )
    if not np.isfinite(given).all():
        raise FormatError(path, f'clip {name}: a joint is not finite')
    keypoint = np.zeros((num_persons, *given.shape[1:]), np.float32)
    keypoint[: len(given)] = given
    keypoint, length = present_frames_first(keypoint)
    if not length:
        raise FormatError(
            path,
            f'clip {name}: nobody to see, the first person is zero in '
            f'all {raw_frames} frames',
        )
    return dict(
        frame_dir=name,
        label=label,
        keypoint=keypoint,
        raw_frames=raw_frames,
        length=length,
    )


def _get_names(path, annotations: List[Dict]) -> set:
    names = set()
    for index, annotation in enumerate(annotations):
        name = (
            annotation.get('frame_dir')
            if isinstance(annotation, dict)
            else None
        )
        if not isinstance(name, str) or name in names:
            raise FormatError(
                path, f'annotation {index} has no frame_dir of its own'
            )
        names.add(name)
    return names


def _check_kind(path, annotation: Dict, num_joints: int) -> None:
    keypoint = annotation.get('keypoint')
    where = f'clip {annotation["frame_dir"]}'
    if not isinstance(keypoint, np.ndarray) or (
        keypoint.dtype.kind != 'f' or keypoint.ndim != 4
    ):
        raise FormatError(
            path,
            f'{where}: keypoint is no array of floats of shape '
            '(persons, frames, joints, coordinates)',
        )
    if keypoint.shape[-1] != NUM_COORDINATES:
        raise FormatError(
            path,
            f'{where}: the poses have {keypoint.shape[-1]} coordinates; '
            'the method needs 3-D skeletons, such as ntu60_3d.pkl',
        )
    if keypoint.shape[2] != num_joints:
        raise FormatError(
            path,
            f'{where}: the poses have {keypoint.shape[2]} joints, the '
            f'layout has {num_joints}; choose another one with --layout',
        )
    if not keypoint.size:
        raise FormatError(path, f'{where}: nobody to see, keypoint is empty')


def _get_counts(path, annotation: Dict) -> Tuple[int, int]:
    """Get label and raw frames, which may be numpy's integers."""
    num_frames = annotation['keypoint'].shape[1]
    label = annotation.get('label')
    total_frames = annotation.get('total_frames', num_frames)
    integers = (int, np.integer)
    if not isinstance(label, integers) or label < 0:
        raise FormatError(
            path,
            f'clip {annotation["frame_dir"]}: label {label!r:.40} is no '
            'class number',
        )
    if not isinstance(total_frames, integers) or not (
        0 < total_frames <= num_frames
    ):
        raise FormatError(
            path,
            f'clip {annotation["frame_dir"]}: total_frames '
            f'{total_frames!r:.40} does not fit to {num_frames} frames of '
            'keypoint',
        )
    return int(label), int(total_frames)
