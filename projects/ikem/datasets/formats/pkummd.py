"""PKU-MMD: videos as text, a frame per line, and their labelled intervals.

A line of ``Skeleton/NAME.txt`` holds 2 x 25 x 3 numbers, of the second person
zeros where nobody is; one of ``Label/NAME.txt`` holds ``action,start,end,
confidence``. Split lists name videos below ``Training videos:`` and
``Validation videos:``.
"""

import re
from itertools import islice
from pathlib import Path
from typing import Dict, List, NamedTuple

import numpy as np

from .bodies import pack_persons
from .errors import FormatError

NUM_CLASSES, NUM_JOINTS, NUM_PERSONS = 51, 25, 2
_VIDEO = re.compile(r'[A-Z0-9]+-[LMR]', re.ASCII)


class Interval(NamedTuple):
    """An action in a video."""

    path: Path  # of the skeletons
    label: int
    start: int  # frame, from 0
    end: int  # behind the last frame

    @property
    def frame_dir(self) -> str:
        """str: Name of the clip, of the video and its frames."""
        return f'{self.path.stem}_{self.start:05d}_{self.end:05d}'


def list_intervals(skeletons, labels) -> List[Interval]:
    """List the actions of all videos.

    Args:
        skeletons (str | PathLike): Folder with the videos.
        labels (str | PathLike): Folder with a file of intervals per video.

    Raises:
        FormatError: If there are no videos, or a line is no interval.
        OSError: If a file cannot be read.
    """
    intervals = []
    for path in sorted(Path(skeletons).glob('*.txt')):
        if not _VIDEO.fullmatch(path.stem):
            continue  # a list, or litter of an archive
        label_path = Path(labels) / path.name
        text = label_path.read_text('utf-8-sig', errors='replace')
        for number, line in enumerate(text.splitlines(), 1):
            if not line.strip():
                continue
            try:
                action, start, end = map(int, line.split(',')[:3])
            except ValueError:
                action = start = end = 0
            if not 1 <= action <= NUM_CLASSES or not 0 <= start < end:
                raise FormatError(
                    label_path,
                    f'expected action,start,end,confidence, got {line!r:.60}',
                    number,
                )
            intervals.append(Interval(path, action - 1, start, end))
    if not intervals:
        raise FormatError(skeletons, 'no .txt files with labels in it')
    return intervals


def read_interval(interval: Interval) -> Dict:
    """Read the frames of an action.

    Returns:
        dict: frame_dir (str), label (int, from 0), keypoint (np.ndarray,
        (M=2, T, V=25, C=3), float32, metres), raw_frames and length (int).

    Raises:
        FormatError: If a line is no frame, or nobody is in the clip.
        OSError: If the file cannot be read.
    """
    path, first = interval.path, interval.start + 1
    with open(path, 'rb') as file:
        lines = list(islice(file, interval.start, interval.end))
    rows = []
    for number, line in enumerate(lines, first):
        try:
            row = np.array(line.split(), np.float32)
        except ValueError:
            row = np.empty(0)
        if len(row) != NUM_PERSONS * NUM_JOINTS * 3:
            raise FormatError(path, 'expected 150 numbers', number)
        if not np.isfinite(row).all():
            raise FormatError(path, 'a joint is not finite', number)
        rows.append(row)
    if len(rows) < interval.end - interval.start:
        raise FormatError(
            path,
            f'ends at frame {interval.start + len(rows)}, the label of frames '
            f'{first} to {interval.end} goes beyond',
        )
    x = np.stack(rows).reshape(len(rows), NUM_PERSONS, NUM_JOINTS, 3)
    keypoint, length = pack_persons(x.swapaxes(0, 1), NUM_PERSONS)
    if not length:
        raise FormatError(
            path, f'nobody to see in frames {first} to {interval.end}'
        )
    return dict(
        frame_dir=interval.frame_dir,
        label=interval.label,
        keypoint=keypoint,
        raw_frames=len(rows),
        length=length,
    )


def read_split(path) -> Dict[str, List[str]]:
    """Read a split list.

    Args:
        path (str | PathLike): Such as ``cross-subject.txt``.

    Returns:
        dict[str, list[str]]: Names of the videos of train and val.

    Raises:
        FormatError: If it names no videos of one of them.
        OSError: If it cannot be read.
    """
    split, part = dict(train=[], val=[]), None
    for line in Path(path).read_text('utf-8-sig').splitlines():
        if line.strip().endswith(':'):
            part = 'train' if 'train' in line.lower() else 'val'
        elif part is not None:
            split[part] += _VIDEO.findall(line)
    if not all(split.values()):
        raise FormatError(
            path, "names no videos below 'Training videos:' or below another"
        )
    both = sorted(set(split['train']) & set(split['val']))
    if both:
        raise FormatError(path, f'has {both[0]} in both parts')
    return split
