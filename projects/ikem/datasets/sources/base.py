"""What a kind of raw data is to the preparing tools."""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Callable, Dict, List, Optional, Sequence, Union

from ..formats import FormatError


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


def find_files(folder, suffix: str) -> List[Path]:
    """Find the files below a folder, sorted by name."""
    folder = Path(folder)
    if not folder.is_dir():
        raise FileNotFoundError(f'{folder} is no folder')
    files = sorted(
        (
            path
            for path in folder.rglob('*.*')
            if path.suffix.lower() == suffix
            # not what macOS adds to archives
            and '__MACOSX' not in path.parts
            and path.name[:2] != '._'
        ),
        key=lambda path: (path.name, path),
    )
    if not files:
        raise FormatError(folder, f'no {suffix} files in it or below')
    return files


def kept(
    split: Dict[str, List[str]], digests: Dict[str, bytes]
) -> Dict[str, List[str]]:
    """Splits without the clips that are broken."""
    return {
        key: [name for name in names if name in digests]
        for key, names in split.items()
    }
