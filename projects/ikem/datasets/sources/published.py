"""Published data sets in the files of their authors."""

from functools import partial
from pathlib import Path
from typing import Any, Dict, Optional, Set

from .. import splits
from ..formats import FormatError, ntu, nwucla, pkummd
from .base import Source, find_files, kept, preprocessing_chain


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
    for path in find_files(raw_dir, '.skeleton'):
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
    """The json files of NW-UCLA, or its authors' text files, in a folder or
    below it.

    Raises:
        FormatError: If there are no such files.
        OSError: If the folder cannot be read.
    """
    texts = nwucla.find_text_clips(raw_dir)
    return Source(
        path=Path(raw_dir),
        dataset='nwucla',
        layout='kinect-20',
        num_classes=len(nwucla.ACTIONS),
        jobs=list(texts.items()) or find_files(raw_dir, '.json'),
        read=nwucla.read_text_clip if texts else nwucla.read_nwucla,
        make_split=lambda digests: splits.nwucla_splits(
            digests, splits.find_nwucla_duplicates(digests)
        ),
        preprocessing=preprocessing_chain('kinect-20', num_frames),
        made_by=dict(format='nwucla'),
    )


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
    split = {}
    for name, path in split_lists.items():
        for part, videos in pkummd.read_split(path).items():
            videos = set(videos)
            clips = [clip for clip in video if video[clip] in videos]
            if not clips:
                raise FormatError(
                    path, f'none of its {part} videos is in {skeletons}'
                )
            split[f'{name}_{part}'] = clips
    return Source(
        path=Path(skeletons),
        dataset='pkummd',
        layout='ntu-25',
        num_classes=pkummd.NUM_CLASSES,
        jobs=intervals,
        read=pkummd.read_interval,
        make_split=partial(kept, split),
        preprocessing=preprocessing_chain('ntu-25', num_frames),
        made_by=dict(format='pkummd'),
    )


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
