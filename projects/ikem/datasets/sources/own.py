"""Own clips: pose pickles, and recordings of a Kinect."""

import os
from functools import partial
from pathlib import Path
from typing import Dict, List, Optional, Sequence, Tuple, Union

from projects.ikem.skeletons import get_layout

from .. import splits
from ..formats import pose_pickle, recordings
from ..formats.labels import number_labels
from .base import Source, find_files, kept, preprocessing_chain


def pose_pickle_source(
    paths,
    dataset: Optional[str] = None,
    layout: Union[str, Dict] = 'ntu-25',
    num_frames: int = 50,
    up: Optional[str] = None,
    scale: float = 1.0,
    interpolate: bool = False,
    split_by: Optional[str] = None,
    val_fraction: Optional[float] = None,
    val_values: Optional[Sequence] = None,
    labels: Optional[str] = None,
) -> Source:
    """Pose pickles of mmaction2 or PYSKL; see ``formats/pose_pickle``.

    Args:
        paths (str | PathLike | sequence): The pickles.
        dataset (str, optional): Name of the data set. Defaults to the name
            of the first file.
        layout (str | dict): Skeleton layout of their poses.
        num_frames (int): Frames after resampling.
        up (str, optional): Axis that points upwards. By default y, which is
            checked.
        scale (float): Metres per unit of the joints. Defaults to 1.
        interpolate (bool): Whether joints that are NaN are interpolated over
            time. Defaults to False.
        split_by (str, optional): Field of the annotations whose values are
            held out as a whole.
        val_fraction (float, optional): Share of the clips to hold out.
        val_values (sequence, optional): Values of the field to hold out.
        labels (str, optional): A csv file as of :func:`kinect_source`, whose
            labels and fields take the place of those of the clips it names.

    Raises:
        FormatError: If a pickle is damaged, or holds poses of another kind,
            or the csv does not fit.
        OSError: If a file cannot be read.
        ValueError: If the clips cannot be split so.
    """
    if isinstance(paths, (str, os.PathLike)):
        paths = [paths]
    paths = [Path(path) for path in paths]
    num_joints = get_layout(layout).num_joints
    content = pose_pickle.load_pose_pickles(paths, num_joints)
    annotations, classes = content.annotations, content.classes
    if labels is not None:
        classes = _relabel(annotations, classes, labels)
    num_classes = pose_pickle.count_classes(annotations)
    notes = list(content.notes)
    if classes is not None and len(classes) < num_classes:
        notes.append(
            f"'classes' names {len(classes)} of {num_classes} classes and is "
            'not kept'
        )
        classes = None
    split, said = _splits_of(
        annotations, content.split, split_by, val_fraction, val_values
    )
    notes += said
    return Source(
        path=paths[0],
        dataset=dataset or paths[0].stem,
        layout=layout,
        num_classes=len(classes) if classes else num_classes,
        jobs=[(paths[0], annotation) for annotation in annotations],
        read=partial(
            pose_pickle.read_annotation,
            num_joints=num_joints,
            num_persons=pose_pickle.count_persons(annotations),
            interpolate=interpolate,
        ),
        make_split=partial(kept, split),
        preprocessing=preprocessing_chain(layout, num_frames, up, scale),
        made_by=dict(format='pose_pickle'),
        classes=classes,
        notes=notes,
        doubtful=True,
        upright=up != 'y',
    )


def _relabel(
    annotations: List[Dict], classes: Optional[List[str]], path: str
) -> Optional[List[str]]:
    """Take labels and fields of the clips that a csv names from there."""
    names = [annotation['frame_dir'] for annotation in annotations]
    known = recordings.read_labels(names, path)
    for annotation in annotations:
        label = annotation['label']
        if classes and isinstance(label, int) and 0 <= label < len(classes):
            annotation['label'] = classes[label]
        annotation.update(known[annotation['frame_dir']])
    numbers, found = number_labels([a['label'] for a in annotations], path)
    for annotation, number in zip(annotations, numbers):
        annotation['label'] = number
    return found


def kinect_source(
    folder,
    labels: str = 'none',
    num_frames: int = 50,
    up: Optional[str] = None,
    scale: float = 1.0,
    dataset: Optional[str] = None,
    split_by: Optional[str] = None,
    val_fraction: Optional[float] = None,
    val_values: Optional[Sequence] = None,
) -> Source:
    """``.skeleton`` recordings of any name, in a folder or below it.

    Args:
        folder (str | PathLike): The folder.
        labels (str): ``'none'``, ``'folders'``, the name of the folder that a
            recording lies in, or a csv file with a header, whose columns are
            name, label and further fields, such as subject.
        num_frames (int): Frames after resampling.
        up (str, optional): Axis that points upwards. By default y, which is
            checked.
        scale (float): Metres per unit of the joints. Defaults to 1.
        dataset (str, optional): Name of the data set. Defaults to that of
            the folder.
        split_by (str, optional): Field whose values are held out as a whole.
        val_fraction (float, optional): Share of the clips to hold out.
        val_values (sequence, optional): Values of the field to hold out.

    Raises:
        FormatError: If there are no such files, or the csv does not fit.
        OSError: If the folder or the csv cannot be read.
        ValueError: If the clips cannot be split so.
    """
    folder = Path(folder)
    paths = find_files(folder, '.skeleton')
    clips = {
        str(p.relative_to(folder).with_suffix('').as_posix()): p for p in paths
    }
    known = recordings.read_labels(clips, labels)
    annotations = [dict(known[name], frame_dir=name) for name in clips]
    numbers, classes = number_labels(
        [annotation.pop('label', None) for annotation in annotations],
        labels,
    )
    for annotation, number in zip(annotations, numbers):
        annotation['label'] = number
    split, notes = _splits_of(
        annotations, {}, split_by, val_fraction, val_values
    )
    return Source(
        path=folder,
        dataset=dataset or folder.resolve().name,
        layout='ntu-25',
        num_classes=len(classes)
        if classes
        else pose_pickle.count_classes(annotations),
        jobs=[(clips[a['frame_dir']], a) for a in annotations],
        read=recordings.read_recording,
        make_split=partial(kept, split),
        preprocessing=preprocessing_chain('ntu-25', num_frames, up, scale),
        made_by=dict(format='kinect', select_bodies='any'),
        classes=classes,
        notes=notes,
        doubtful=True,
        upright=up != 'y',
    )


def _splits_of(
    annotations: List[Dict],
    given: Dict[str, List[str]],
    split_by: Optional[str],
    val_fraction: Optional[float],
    val_values: Optional[Sequence],
) -> Tuple[Dict[str, List[str]], List[str]]:
    """Given splits, or those asked for, or one; and what to say of it."""
    if split_by or val_fraction or val_values:
        held_out = _hold_out(
            annotations, given, split_by, val_fraction, val_values
        )
        return {**given, **held_out}, []
    if given:
        return given, []
    return dict(all=[a['frame_dir'] for a in annotations]), [
        "there is no split, all clips are in 'all': --val-fraction or "
        '--split-by FIELD make train and val'
    ]


def _hold_out(
    annotations: List[Dict],
    split: Dict[str, List[str]],
    field: Optional[str],
    val_fraction: Optional[float],
    val_values: Optional[Sequence],
) -> Dict[str, List[str]]:
    """Splits train and val by a field, or of each class by chance."""
    taken = sorted({'train', 'val'} & set(split))
    if taken:
        raise ValueError(
            f'the file has splits {taken}: leave out --split-by and '
            '--val-fraction, or the splits of the file'
        )
    if field is None:
        if val_values or not val_fraction:
            raise ValueError('--val-values needs --split-by FIELD')
        names = [a['frame_dir'] for a in annotations]
        labels = [str(a['label']) for a in annotations]
        val = set(splits.stratified_subset(names, labels, val_fraction))
        train = [name for name in names if name not in val]
        if not train:
            raise ValueError(
                f'--val-fraction {val_fraction:g} leaves no clip to train on, '
                'since each class gives at least one: a smaller share, or '
                '--split-by FIELD'
            )
        return dict(train=train, val=[name for name in names if name in val])
    if val_values and val_fraction:
        raise ValueError('--val-fraction and --val-values exclude each other')
    fields = {a['frame_dir']: pose_pickle.get_fields(a) for a in annotations}
    lacking = [name for name, values in fields.items() if field not in values]
    if lacking:
        known = sorted({key for values in fields.values() for key in values})
        raise ValueError(
            f'--split-by {field}: {len(lacking)} clips have no such field, '
            f'such as {lacking[0]!r}; fields are {known}'
        )
    return splits.held_out_split(
        {name: values[field] for name, values in fields.items()},
        val_fraction or 0.25,
        val_values,
    )
