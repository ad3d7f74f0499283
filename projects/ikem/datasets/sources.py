"""What each kind of raw data is to the preparing tools."""

from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any, Callable, Dict, List, Optional, Sequence, Set

from projects.ikem.skeletons import get_layout

from . import splits
from .formats import FormatError, crossclr, ntu, nwucla, pose_pickle


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
    """

    path: Path
    dataset: str
    layout: str
    num_classes: int
    jobs: Sequence
    read: Callable[[Any], Dict]
    make_split: Callable[[Dict[str, bytes]], Dict[str, List[str]]]
    preprocessing: Sequence[Dict] = ()
    made_by: Dict = field(default_factory=dict)
    dropped: Dict[str, int] = field(default_factory=dict)


def preprocessing_chain(layout: str, num_frames: int) -> List[Dict]:
    """Configs of the chain that the method family preprocesses with."""
    return [
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
    """Raw ``.skeleton`` files in a folder or below it.

    Args:
        raw_dir (str | PathLike): The folder.
        dataset (str): ``'ntu60'``, ``'ntu120'`` or ``'synthetic'``. Clips of
            other actions, which may lie in the same folder, are left out.
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
    folder, split: str, dataset: str, time_scale: Optional[float] = None
) -> Source:
    """A folder that was prepared as for CrosSCLR; see ``formats/crossclr``.

    Args:
        folder (str | PathLike): The folder with positions and labels.
        split (str): The split it was made for, such as ``'xsub'``.
        dataset (str): ``'ntu60'`` or ``'ntu120'``.
        time_scale (float, optional): Raw frames per frame of the clips, where
            the labels come without frame counts.

    Raises:
        FormatError: If a file is damaged or they do not fit to each other.
        OSError: If a file cannot be read.
    """
    clips = {
        part: crossclr.list_clips(folder, part, time_scale)
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
        made_by=dict(format='crossclr', time_scale=time_scale),
    )


def pose_pickle_source(
    path,
    dataset: Optional[str] = None,
    layout: str = 'ntu-25',
    num_frames: int = 50,
) -> Source:
    """A pose pickle of mmaction2 or PYSKL; see ``formats/pose_pickle``.

    Args:
        path (str | PathLike): The pickle.
        dataset (str, optional): Name of the data set. Defaults to the name
            of the file.
        layout (str): Skeleton layout of its poses.
        num_frames (int): Frames after resampling.

    Raises:
        FormatError: If the pickle is damaged, or holds poses of another kind.
        OSError: If the file cannot be read.
    """
    path = Path(path)
    num_joints = get_layout(layout).num_joints
    content = pose_pickle.load_pose_pickle(path, num_joints)
    return Source(
        path=path,
        dataset=dataset or path.stem,
        layout=layout,
        num_classes=pose_pickle.count_classes(content.annotations),
        jobs=[(path, annotation) for annotation in content.annotations],
        read=partial(
            pose_pickle.read_annotation,
            num_joints=num_joints,
            num_persons=pose_pickle.count_persons(content.annotations),
        ),
        make_split=lambda digests: {
            split: [name for name in names if name in digests]
            for split, names in content.split.items()
        },
        preprocessing=preprocessing_chain(layout, num_frames),
        made_by=dict(format='pose_pickle'),
    )


def _find_files(folder, suffix: str) -> List[Path]:
    """Find the files below a folder, sorted by name."""
    folder = Path(folder)
    if not folder.is_dir():
        raise FileNotFoundError(f'{folder} is no folder')
    files = sorted(
        folder.rglob(f'*{suffix}'), key=lambda path: (path.name, path)
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
