"""What a prepared folder must be like."""

from pathlib import Path
from typing import Dict, List, Set

import numpy as np

VERSION = 1
UNLABELLED = -1
KEYPOINT_FILE = 'keypoint.npy'
ANNOTATION_FILE = 'annotations.json'

_FIELDS = dict(
    version=int,
    dataset=str,
    layout=(str, dict),
    num_classes=int,
    preprocessing=list,
    keypoint=dict,
    annotations=list,
    split=dict,
)


def check_meta(meta: Dict, keypoint_path: Path) -> None:
    """Check the content of the annotation file, and the array it is about.

    Raises:
        ValueError: If a field is missing or wrong.
    """
    if not isinstance(meta, dict):
        raise ValueError(f'{ANNOTATION_FILE} holds no dict')
    for field, kind in _FIELDS.items():
        if not isinstance(meta.get(field), kind):
            raise ValueError(
                f'field {field!r} of {ANNOTATION_FILE} is missing or of the '
                'wrong type'
            )
    if meta['version'] != VERSION:
        raise ValueError(
            f"field 'version' is {meta['version']}, this version of the "
            f'toolbox reads {VERSION}'
        )
    classes = meta.get('classes')
    if classes is not None and (
        not isinstance(classes, list) or len(classes) != meta['num_classes']
    ):
        raise ValueError(
            f"field 'classes' has no name for each of {meta['num_classes']} "
            'classes'
        )
    names = set()
    for annotation in meta['annotations']:
        check_annotation(annotation, names, meta['num_classes'])
    check_split(meta['split'], names)
    _check_array(meta, keypoint_path)


def check_annotation(
    annotation: Dict, names: Set[str], num_classes: int
) -> None:
    """Check an annotation, and add its name to the names before it.

    Raises:
        ValueError: If a field is missing or wrong, or the name not new.
    """
    try:
        name = annotation['frame_dir']
        label = annotation['label']
        total_frames = annotation['total_frames']
    except (KeyError, TypeError):
        raise ValueError(
            "an entry of 'annotations' lacks frame_dir, label or "
            f'total_frames: {str(annotation)[:80]}'
        ) from None
    if not isinstance(name, str) or name in names:
        raise ValueError(f'frame_dir {name!r} is given twice, or is no string')
    if not isinstance(label, int) or not UNLABELLED <= label < num_classes:
        raise ValueError(
            f'clip {name!r}: label {label!r} is not in 0 to {num_classes - 1} '
            f'(num_classes is {num_classes}), nor {UNLABELLED}, unlabelled'
        )
    if not isinstance(annotation.get('fields', {}), dict):
        raise ValueError(f"clip {name!r}: 'fields' is no dict")
    if not isinstance(total_frames, int) or total_frames < 1:
        raise ValueError(
            f'clip {name!r}: total_frames {total_frames!r} is no positive '
            'number'
        )
    names.add(name)


def check_split(split: Dict[str, List[str]], names: Set[str]) -> None:
    """Check that splits name clips that there are.

    Raises:
        ValueError: If one does not.
    """
    for key, members in split.items():
        if not isinstance(members, list):
            raise ValueError(f'split {key!r} is no list of names')
        unknown = [
            name
            for name in members
            if not isinstance(name, str) or name not in names
        ]
        if unknown:
            raise ValueError(
                f'split {key!r} names {len(unknown)} clips that there are '
                f'not, such as {unknown[0]!r:.60}'
            )


def check_clip(keypoint: np.ndarray, what: str) -> None:
    """Check that a clip is of numbers and shows somebody.

    Args:
        keypoint (np.ndarray): Joints of shape (M, T, V, C).
        what (str): Says which clip it is.

    Raises:
        ValueError: If a joint is not finite, or all are zero.
    """
    # of each clip that is read: no array is made; NaN is both of them
    low, high = keypoint.min(initial=0), keypoint.max(initial=0)
    if not (np.isfinite(low) and np.isfinite(high)):
        raise ValueError(
            f'{what} has a joint that is not finite: prepare it again with '
            'one of tools/data/prepare_*.py, or leave it out'
        )
    if low == high == 0:
        raise ValueError(
            f'{what} is all zeros, which shows nobody: prepare it again with '
            'one of tools/data/prepare_*.py, or leave it out'
        )


def _check_array(meta: Dict, path: Path) -> None:
    try:
        array = np.lib.format.open_memmap(path, mode='r')
    except Exception as error:  # numpy's parser raises what it comes across
        raise ValueError(f'{KEYPOINT_FILE} is damaged: {error}') from error
    shape = meta['keypoint'].get('shape')
    if list(array.shape) != shape or array.dtype != np.float32:
        raise ValueError(
            f'{KEYPOINT_FILE} holds {array.dtype} of shape '
            f"{list(array.shape)}, field 'keypoint' says float32 of {shape}"
        )
    num = len(meta['annotations'])
    if array.ndim != 5 or len(array) != num or not array.size:
        raise ValueError(
            f'{KEYPOINT_FILE} has the shape {shape}, expected (num, M, T, V, '
            f'C) with num = {num} annotations, none of them 0'
        )
