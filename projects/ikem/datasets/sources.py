"""What each kind of raw data is to the preparing tools."""

import os
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import (
    Any,
    Callable,
    Dict,
    List,
    Optional,
    Sequence,
    Set,
    Tuple,
    Union,
)

from projects.ikem.skeletons import get_layout

from . import splits
from .formats import (
    FormatError,
    crossclr,
    npz,
    ntu,
    nwucla,
    pkummd,
    pose_pickle,
    recordings,
)
from .formats.labels import number_labels


@dataclass
class Source:
    """Raw clips, and how to read, preprocess and split them.

    Args:
        path (Path): Where they are.
        dataset (str): Name of the data set.
        layout (str): Skeleton layout.
        num_classes (int): Number of classes.
        jobs (Sequence): One item a clip.
        read (Callable): Reads the clip of a job, as a dict of frame_dir,
            label, keypoint, raw_frames and what the transforms need besides;
            raises FormatError where it is broken. Picklable.
        make_split (Callable): Makes ``{split: names}`` of a dict from the
            names of the clips, in order, to the digests of their raw joints.
        preprocessing (Sequence[dict]): Configs of transforms.
        made_by (dict): What else made the clips, stored with them.
        dropped (dict[str, int]): How many clips were left out, by reason.
        classes (list[str], optional): Names of the classes.
        notes (list[str]): What a user should know, a line each.
        doubtful (bool): Whether order, upward axis and unit of the joints are
            the user's, and checked. Defaults to False.
        upright (bool): Whether people have to be upright along y, if checked.
    """

    path: Path
    dataset: str
    layout: Union[str, Dict]
    num_classes: int
    jobs: Sequence
    read: Callable[[Any], Dict]
    make_split: Callable[[Dict[str, bytes]], Dict[str, List[str]]]
    preprocessing: Sequence[Dict] = ()
    made_by: Dict = field(default_factory=dict)
    dropped: Dict[str, int] = field(default_factory=dict)
    classes: Optional[List[str]] = None
    notes: List[str] = field(default_factory=list)
    doubtful: bool = False
    upright: bool = True


def preprocessing_chain(
    layout: Union[str, Dict],
    num_frames: int,
    up: Optional[str] = None,
    scale: float = 1.0,
) -> List[Dict]:
    """Configs of the chain that the method family preprocesses with.

    Args:
        layout (str | dict): Skeleton layout.
        num_frames (int): Frames after resampling.
        up (str, optional): Axis that points upwards. Defaults to y.
        scale (float): Metres per unit of the joints. Defaults to 1.
    """
    frame = dict(type='WorldFrame', up=up or 'y', scale=scale)
    return [
        *([frame] if (up or 'y', scale) != ('y', 1) else []),
        dict(type='CenterJoint', layout=layout),
        dict(type='ResampleFrames', num_frames=num_frames),
        dict(type='AlignShoulders', layout=layout),
    ]


def ntu_source(
    raw_dir,
    dataset: str,
    select: str = 'order',
    num_frames: int = 50,
    missing_list: Optional[str] = None,
) -> Source:
    """Raw ``.skeleton`` files of NTU RGB+D, in a folder or below it.

    Args:
        raw_dir (str | PathLike): The folder.
        dataset (str): ``'ntu60'`` or ``'ntu120'``. Clips of other actions,
            which may lie in the same folder, are left out.
        select (str): Which bodies to keep, see :func:`ntu.read_skeleton`.
        num_frames (int): Frames after resampling.
        missing_list (str, optional): A text with the names of samples to
            leave out, in place of the published list.

    Raises:
        FormatError: If there are no such files, or no names in the list.
        OSError: If the folder or the list cannot be read.
    """
    missing = (
        splits.load_missing(dataset)
        if missing_list is None
        else _read_missing_list(missing_list)
    )
    num_classes = splits.NTU_NUM_CLASSES[dataset]
    dropped = {f'not in {dataset}': 0, 'missing skeletons list': 0}
    jobs = []
    for path in _find_files(raw_dir, '.skeleton'):
        if path.stem in missing:
            dropped['missing skeletons list'] += 1
        elif _has_action_above(path, num_classes):
            dropped[f'not in {dataset}'] += 1
        else:
            jobs.append(path)
    return Source(
        path=Path(raw_dir),
        dataset=dataset,
        layout='ntu-25',
        num_classes=num_classes,
        jobs=jobs,
        read=partial(ntu.read_skeleton, select=select),
        make_split=partial(splits.ntu_splits, dataset=dataset),
        preprocessing=preprocessing_chain('ntu-25', num_frames),
        made_by=dict(format='ntu', select_bodies=select),
        dropped=dropped,
    )


def nwucla_source(raw_dir, num_frames: int = 50) -> Source:
    """The json files of NW-UCLA, in a folder or below it.

    Raises:
        FormatError: If there are no such files.
        OSError: If the folder cannot be read.
    """
    return Source(
        path=Path(raw_dir),
        dataset='nwucla',
        layout='kinect-20',
        num_classes=len(nwucla.ACTIONS),
        jobs=_find_files(raw_dir, '.json'),
        read=nwucla.read_nwucla,
        make_split=lambda digests: splits.nwucla_splits(
            digests, splits.find_nwucla_duplicates(digests)
        ),
        preprocessing=preprocessing_chain('kinect-20', num_frames),
        made_by=dict(format='nwucla'),
    )


def crossclr_source(
    folder,
    split: str,
    dataset: str,
    time_scale: Optional[float] = None,
    num_frames: int = 50,
) -> Source:
    """Arrays of ST-GCN's form, prepared or not; see ``formats/crossclr``.

    Args:
        folder (str | PathLike): The folder with positions and labels.
        split (str): The split it was made for, such as ``'xsub'``.
        dataset (str): ``'ntu60'`` or ``'ntu120'``.
        time_scale (float, optional): Raw frames per frame of the clips, where
            the labels come without frame counts.
        num_frames (int): Frames after resampling, of clips that are not
            prepared. Defaults to 50.

    Raises:
        FormatError: If a file is damaged or they do not fit to each other.
        OSError: If a file cannot be read.
    """
    prepared = crossclr.is_prepared(folder)
    clips = {
        part: crossclr.list_clips(folder, part, time_scale, prepared)
        for part in crossclr.PARTS
    }
    part_of = {clip.frame_dir: part for part in clips for clip in clips[part]}
    return Source(
        path=Path(folder),
        dataset=dataset,
        layout='ntu-25',
        num_classes=splits.NTU_NUM_CLASSES[dataset],
        jobs=[clip for part in clips for clip in clips[part]],
        read=crossclr.read_clip,
        make_split=lambda digests: {
            f'{split}_{part}': [
                name for name in digests if part_of[name] == part
            ]
            for part in clips
        },
        preprocessing=[]
        if prepared
        else preprocessing_chain('ntu-25', num_frames),
        made_by=dict(
            format='crossclr' if prepared else 'gendata', time_scale=time_scale
        ),
        notes=[]
        if prepared
        else [
            'the clips are not centred, as those of gendata: frames were '
            f'counted, and clips centred, resampled to {num_frames} frames '
            'and turned'
        ],
    )


def npz_source(
    path,
    split: Optional[str] = None,
    dataset: Optional[str] = None,
    layout: Union[str, Dict] = 'ntu-25',
    num_frames: int = 50,
    up: Optional[str] = None,
    scale: float = 1.0,
) -> Source:
    """An npz file of CTR-GCN; see ``formats/npz``.

    Args:
        path (str | PathLike): The file.
        split (str, optional): The split it was made for. Defaults to what the
            name of the file says, else the splits are train and val.
        dataset (str, optional): Name of the data set. Defaults to that of
            the file.
        layout (str | dict): Skeleton layout.
        num_frames (int): Frames after resampling.
        up (str, optional): Axis that points upwards. By default y, which is
            checked.
        scale (float): Metres per unit of the joints. Defaults to 1.

    Raises:
        FormatError: If the file is damaged or holds other poses.
        OSError: If the file cannot be read.
    """
    path = Path(path)
    clips, num_classes = npz.list_npz(path)
    if split is None:
        split = next(
            (name for end, name in _NPZ_SPLITS.items() if end in path.stem), ''
        )
    prefix = f'{split}_' if split else ''
    part_of = {clip.frame_dir: clip.part for clip in clips}
    return Source(
        path=path,
        dataset=dataset or path.stem,
        layout=layout,
        num_classes=num_classes,
        jobs=clips,
        read=partial(
            npz.read_npz_clip, num_joints=get_layout(layout).num_joints
        ),
        make_split=lambda digests: {
            f'{prefix}{part}': [n for n in digests if part_of[n] == part]
            for part in npz.PARTS
        },
        preprocessing=preprocessing_chain(layout, num_frames, up, scale),
        made_by=dict(format='npz'),
        doubtful=True,
        upright=up is None,
    )


# of the names of CTR-GCN's files
_NPZ_SPLITS = {'_CSub': 'xsub', '_CSet': 'xset', '_CS': 'xsub', '_CV': 'xview'}


def pkummd_source(
    skeletons, labels, split_lists: Dict[str, Any], num_frames: int = 50
) -> Source:
    """PKU-MMD, a clip per labelled interval; see ``formats/pkummd``.

    Args:
        skeletons (str | PathLike): Folder with the videos.
        labels (str | PathLike): Folder with their intervals.
        split_lists (dict[str, str | PathLike]): Lists of videos by name of
            the split, such as ``'xsub'``.
        num_frames (int): Frames after resampling. Defaults to 50.

    Raises:
        FormatError: If a file is not as the format says.
        OSError: If a file cannot be read.
    """
    intervals = pkummd.list_intervals(skeletons, labels)
    video = {x.frame_dir: x.path.stem for x in intervals}
    split = {
        f'{name}_{part}': [n for n in video if video[n] in set(videos)]
        for name, path in split_lists.items()
        for part, videos in pkummd.read_split(path).items()
    }
    return Source(
        path=Path(skeletons),
        dataset='pkummd',
        layout='ntu-25',
        num_classes=pkummd.NUM_CLASSES,
        jobs=intervals,
        read=pkummd.read_interval,
        make_split=partial(_kept, split),
        preprocessing=preprocessing_chain('ntu-25', num_frames),
        made_by=dict(format='pkummd'),
    )


def kinect_source(
    folder,
    labels: str = 'none',
    num_frames: int = 50,
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
    paths = _find_files(folder, '.skeleton')
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
        make_split=partial(_kept, split),
        preprocessing=preprocessing_chain('ntu-25', num_frames),
        made_by=dict(format='kinect', select_bodies='any'),
        classes=classes,
        notes=notes,
        doubtful=True,
    )


def _kept(
    split: Dict[str, List[str]], digests: Dict[str, bytes]
) -> Dict[str, List[str]]:
    """Splits without the clips that are broken."""
    return {
        key: [name for name in names if name in digests]
        for key, names in split.items()
    }


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

    Raises:
        FormatError: If a pickle is damaged, or holds poses of another kind.
        OSError: If a file cannot be read.
        ValueError: If the clips cannot be split so.
    """
    if isinstance(paths, (str, os.PathLike)):
        paths = [paths]
    paths = [Path(path) for path in paths]
    num_joints = get_layout(layout).num_joints
    content = pose_pickle.load_pose_pickles(paths, num_joints)
    annotations, classes = content.annotations, content.classes
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
        make_split=partial(_kept, split),
        preprocessing=preprocessing_chain(layout, num_frames, up, scale),
        made_by=dict(format='pose_pickle'),
        classes=classes,
        notes=notes,
        doubtful=True,
        upright=up is None,
    )


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
        if val_values:
            raise ValueError('--val-values needs --split-by FIELD')
        names = [a['frame_dir'] for a in annotations]
        labels = [str(a['label']) for a in annotations]
        val = set(splits.stratified_subset(names, labels, val_fraction))
        return dict(
            train=[name for name in names if name not in val],
            val=[name for name in names if name in val],
        )
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


def _find_files(folder, suffix: str) -> List[Path]:
    """Find the files below a folder, sorted by name."""
    folder = Path(folder)
    if not folder.is_dir():
        raise FileNotFoundError(f'{folder} is no folder')
    files = sorted(
        (
            path
            for path in folder.rglob(f'*{suffix}')
            # what macOS adds to archives
            if '__MACOSX' not in path.parts and path.name[:2] != '._'
        ),
        key=lambda path: (path.name, path),
    )
    if not files:
        raise FormatError(folder, f'no {suffix} files in it or below')
    return files


def _has_action_above(path: Path, num_classes: int) -> bool:
    try:
        return ntu.parse_name(str(path))['action'] > num_classes
    except FormatError:  # for the reader to report
        return False


def _read_missing_list(path) -> Set[str]:
    names = set(ntu.find_names(Path(path).read_text(errors='replace')))
    if not names:
        raise FormatError(path, 'names no NTU RGB+D samples')
    return names
