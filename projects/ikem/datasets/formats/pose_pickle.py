"""Pose pickles of mmaction2 and PYSKL, such as ``ntu60_3d.pkl``.

They hold ``dict(split={name: [frame_dir]}, annotations=[dict(frame_dir,
label, keypoint, total_frames, ...)])`` with keypoint of shape (M, T, V, C),
or, as the toolbox's 0.x wrote them, the list of annotations alone.
"""

import reprlib
from collections import defaultdict
from pathlib import Path
from typing import Any, Dict, List, NamedTuple, Optional, Sequence, Tuple

import numpy as np

from . import restricted_pickle
from .bodies import (
    MAX_PERSONS,
    left_out,
    pack_persons,
    zero_where_absent,
)
from .errors import FormatError
from .labels import number_labels, plain
from .pose_names import (
    NAMES,
    check_names_once,
    split_of_clips,
    with_unique_names,
)

NUM_COORDINATES = 3
# what is read, and what the toolbox keeps of videos; all else is kept as
# fields of the clip
_KNOWN = {
    *NAMES,
    *('label', 'keypoint', 'keypoint_score', 'total_frames'),
    *('img_shape', 'original_shape', 'modality', 'start_index'),
}


class PosePickle(NamedTuple):
    """What pose pickles hold.

    Attributes:
        annotations (list[dict]): Each with a frame_dir of its own, and label,
            -1 where there is none.
        split (dict[str, list[str]]): Names of the clips of each split; none
            where the pickles have none.
        classes (list[str] | None): Names of the classes, where labels are
            text or the pickle names them.
        notes (list[str]): What a user should know, a line each.
    """

    annotations: List[Dict]
    split: Dict[str, List[str]]
    classes: Optional[List[str]]
    notes: List[str]


def load_pose_pickles(paths: Sequence, num_joints: int) -> PosePickle:
    """Load pose pickles, with a restricted unpickler.

    A list of annotations is a split by the name of its file if there are
    several files.

    Args:
        paths (sequence[str | PathLike]): The files.
        num_joints (int): V of the skeleton layout the clips should have.

    Raises:
        FormatError: If a file is damaged, or holds poses of another kind.
        OSError: If a file cannot be read.
    """
    annotations, splits, classes, notes = [], defaultdict(list), None, []
    for path in map(Path, paths):
        content = _load_one(path)
        clips = content['annotations']
        named, said = with_unique_names(path, clips)
        split = content.get('split') or {}
        if not split and len(paths) > 1:
            split = {path.stem: list(named)}
        split, lost = split_of_clips(path, split, named)
        for key, names in split.items():
            splits[key].extend(names)
        notes += said + lost
        # a pickle of another kind is refused once, not clip by clip
        whole = (c for c in clips if getattr(c.get('keypoint'), 'size', 0))
        check_kind(path, next(whole, clips[0]), num_joints)
        classes = _same_classes(path, classes, content.get('classes'))
        annotations.extend(clips)
    check_names_once(paths, annotations)
    classes = _label(annotations, classes, paths[0])
    notes.extend(_unused(annotations))
    return PosePickle(annotations, dict(splits), classes, notes)


def _same_classes(
    path: Path, before: Optional[List[str]], classes: Any
) -> Optional[List[str]]:
    """Names of classes, which all files have to agree on."""
    classes = _texts(classes)
    if before and classes and before != classes:
        raise FormatError(
            path, "'classes' are others than those of the files before"
        )
    return before or classes


def _label(
    annotations: List[Dict], classes: Optional[List[str]], path: Path
) -> Optional[List[str]]:
    """Number the labels, in the order of the classes where they have them."""
    labels, names = number_labels(
        [clip.get('label') for clip in annotations], path
    )
    if names and classes and set(names) <= set(classes):
        number = [classes.index(name) for name in names]
        labels = [
            number[x] if isinstance(x, int) and x >= 0 else x for x in labels
        ]
        names = classes
    for clip, label in zip(annotations, labels):
        clip['label'] = label
    return names or classes


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
    labels = [a['label'] for a in annotations if isinstance(a['label'], int)]
    return max([0, *labels]) + 1


def read_annotation(
    job: Tuple[Path, Dict],
    num_joints: int,
    num_persons: int,
    interpolate: bool = False,
) -> Dict:
    """Check and convert one annotation of a pose pickle.

    Args:
        job (tuple[Path, dict]): Path of the pickle, and the annotation.
        num_joints (int): V.
        num_persons (int): M. Of more persons those that move most are kept.
        interpolate (bool): Whether joints that are NaN are interpolated over
            time. Defaults to False.

    Returns:
        dict: frame_dir (str), label (int, from 0, or -1), keypoint
        (np.ndarray, (M, T, V, C=3), float32, the frames that show somebody
        to the front), raw_frames (int, T), length (int, number of these
        frames), counts (dict, what was left out) and fields (dict, other
        values of the annotation).

    Raises:
        FormatError: If a field is wrong, or the clip shows nobody.
    """
    path, annotation = job
    name = annotation['frame_dir']
    check_kind(path, annotation, num_joints)
    raw_frames = _get_total_frames(path, annotation)
    label = annotation['label']
    if not isinstance(label, int):
        raise FormatError(
            path,
            f'clip {name}: label {reprlib.repr(label)} is no class number and '
            'no text',
        )
    with np.errstate(over='ignore'):  # reported as infinite below
        given = np.asarray(annotation['keypoint'], np.float32)[:, :raw_frames]
    given = fill_missing(given) if interpolate else zero_where_absent(given)
    if not np.isfinite(given).all():
        missing = _what_is_missing(given, interpolate)
        raise FormatError(path, f'clip {name}: {missing}')
    keypoint, length = pack_persons(given, num_persons)
    if not length:
        raise FormatError(
            path,
            f'clip {name}: nobody to see, all joints are zero in all '
            f'{raw_frames} frames',
        )
    present = int(given.any(axis=(1, 2, 3)).sum())
    return dict(
        frame_dir=name,
        label=label,
        keypoint=keypoint,
        raw_frames=raw_frames,
        length=length,
        counts=left_out(present, num_persons),
        fields=get_fields(annotation),
    )


def get_fields(annotation: Dict) -> Dict[str, Any]:
    """Plain values of an annotation beside those that are read."""
    fields = {
        str(key): plain(value)
        for key, value in annotation.items()
        if key not in _KNOWN
    }
    return {k: v for k, v in fields.items() if v is not None}


def fill_missing(keypoint: np.ndarray) -> np.ndarray:
    """Interpolate joints that are NaN over the frames of their person.

    A person of whom a frame has no joint at all is absent there; absent
    persons stay absent, and are not taken for neighbours in time.

    Args:
        keypoint (np.ndarray): Joints of shape (M, T, V, C).

    Returns:
        np.ndarray: A copy; joints that no frame has stay NaN.
    """
    x = zero_where_absent(keypoint)
    for person in x:
        seen = np.flatnonzero((person != 0).any(axis=(1, 2)))
        for v in np.flatnonzero(np.isnan(person).any(axis=(0, 2))):
            joint = person[seen, v]  # (T', C)
            whole = ~np.isnan(joint).any(axis=1)
            if whole.any() and not whole.all():
                for c in range(joint.shape[1]):
                    joint[:, c] = np.interp(seen, seen[whole], joint[whole, c])
                person[seen, v] = joint
    return x


def check_kind(path, annotation: Dict, num_joints: int) -> None:
    """Check that an annotation holds 3-D poses of so many joints.

    Raises:
        FormatError: If not.
    """
    keypoint = annotation.get('keypoint')
    where = f'clip {annotation["frame_dir"]}'
    if not isinstance(keypoint, np.ndarray) or (
        keypoint.dtype.kind not in 'fiu' or keypoint.ndim != 4
    ):
        raise FormatError(
            path,
            f'{where}: keypoint is no array of numbers of shape '
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
            f'layout has {num_joints}; give the layout of the poses, such as '
            '--layout kinect-20 or --layout my_layout.json '
            '(docs/customize.md)',
        )
    if not keypoint.size:
        raise FormatError(path, f'{where}: nobody to see, keypoint is empty')


def _load_one(path: Path) -> Dict:
    content = restricted_pickle.load(path)
    if isinstance(content, (list, tuple)):
        content = dict(annotations=list(content))
    if not isinstance(content, dict) or not (
        isinstance(content.get('annotations'), (list, tuple))
        and isinstance(content.get('split') or {}, dict)
    ):
        raise FormatError(
            path,
            "expected a list of annotations, or a dict of 'annotations' (a "
            "list) and 'split' (a dict of names)",
        )
    if not len(content['annotations']):
        raise FormatError(path, "'annotations' is empty")
    return content


def _unused(annotations: List[Dict]) -> List[str]:
    """What annotations hold and the method does not take."""
    notes = []
    if any('keypoint_score' in annotation for annotation in annotations):
        notes.append('keypoint_score is not used: the joints count alike')
    lost = {
        str(key)
        for annotation in annotations
        for key, value in annotation.items()
        if key not in _KNOWN and value is not None and plain(value) is None
    }
    if lost:
        notes.append(
            f'fields {sorted(lost)} are not kept: they are neither numbers '
            'nor text'
        )
    return notes


def _texts(classes: Any) -> Optional[List[str]]:
    if isinstance(classes, dict) and set(classes) == set(range(len(classes))):
        classes = [classes[i] for i in range(len(classes))]
    if isinstance(classes, np.ndarray) and classes.ndim == 1:
        classes = classes.tolist()
    if isinstance(classes, (list, tuple)) and all(
        isinstance(name, str) for name in classes
    ):
        return list(classes)
    return None


def _what_is_missing(keypoint: np.ndarray, interpolated: bool) -> str:
    """Say which joint is not finite, and what helps."""
    wrong = ~np.isfinite(keypoint).all(axis=-1)  # (M, T, V)
    m, _, v = np.argwhere(wrong)[0]
    frames = np.flatnonzero(wrong[m, :, v])
    of_person = f' of person {m}' if len(keypoint) > 1 else ''
    remedy = 'leave the clip out or correct it'
    if np.isnan(keypoint[wrong]).all() and not interpolated:
        remedy = '--interpolate fills it from the frames around'
    return (
        f'joint {v}{of_person} is not finite in {len(frames)} of '
        f'{keypoint.shape[1]} frames, first in {frames[0]}: {remedy}'
    )


def _get_total_frames(path, annotation: Dict) -> int:
    """Get raw frames, which may be one of numpy's integers."""
    num_frames = annotation['keypoint'].shape[1]
    total_frames = plain(annotation.get('total_frames', num_frames))
    if type(total_frames) is not int or not 0 < total_frames <= num_frames:
        raise FormatError(
            path,
            f'clip {annotation["frame_dir"]}: total_frames '
            f'{reprlib.repr(total_frames)} does not fit to {num_frames} '
            'frames of keypoint',
        )
    return total_frames
