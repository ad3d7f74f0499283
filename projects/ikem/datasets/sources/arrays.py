"""Arrays of clips that other projects read."""

from functools import partial
from pathlib import Path
from typing import Dict, List, Optional, Union

from projects.ikem.skeletons import get_layout

from .. import splits
from ..formats import crossclr, npz
from .base import Source, preprocessing_chain

# of the names of CTR-GCN's files
_NPZ_SPLITS = {'_CSub': 'xsub', '_CSet': 'xset', '_CS': 'xsub', '_CV': 'xview'}


def crossclr_source(
    folder,
    split: str,
    dataset: str,
    time_scale: Optional[float] = None,
    num_frames: int = 50,
    up: Optional[str] = None,
    scale: float = 1.0,
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
        up (str, optional): Axis that points upwards, of such clips. By
            default y, which is checked; z in those of 2s-AGCN.
        scale (float): Metres per unit of their joints. Defaults to 1.

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
        make_split=partial(_by_part, part_of, f'{split}_'),
        preprocessing=[]
        if prepared
        else preprocessing_chain('ntu-25', num_frames, up, scale),
        doubtful=not prepared,
        upright=up != 'y',
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
        make_split=partial(_by_part, part_of, prefix),
        preprocessing=preprocessing_chain(layout, num_frames, up, scale),
        made_by=dict(format='npz'),
        doubtful=True,
        upright=up != 'y',
    )


def _by_part(
    part_of: Dict[str, str], prefix: str, digests: Dict[str, bytes]
) -> Dict[str, List[str]]:
    """Splits train and val of the clips that are whole."""
    return {
        f'{prefix}{part}': [name for name in digests if part_of[name] == part]
        for part in ('train', 'val')
    }
