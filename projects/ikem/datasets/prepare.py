"""Raw clips to a prepared folder: what the preparing tools share."""

import hashlib
import re
import sys
from collections import defaultdict
from contextlib import closing
from typing import (
    Any,
    Callable,
    Dict,
    List,
    NamedTuple,
    Optional,
    Sequence,
    Union,
)

import numpy as np
from mmaction.registry import TRANSFORMS

from projects.ikem.skeletons import get_layout

from .formats import FormatError
from .ordered_map import map_in_order, with_progress
from .posture import (
    Posture,
    check_upright,
    doubt_of_order,
    doubts,
    measure,
)
from .prepared import PreparedWriter
from .prepared_checks import UNLABELLED
from .sources import Source
from .splits import LABEL_FRACTIONS, with_label_fractions
from .transforms.preprocess import WorldFrame

# names and values in the reason of an error, which differ from clip to clip
_NAMED = re.compile(r"clip \S+|'[^']*'")


class PreparedClip(NamedTuple):
    """A clip as it goes to the prepared folder."""

    frame_dir: str
    label: int
    raw_frames: int
    keypoint: np.ndarray  # (M, T, V, C)
    digest: bytes  # of the raw joints
    fields: Dict[str, Any]  # what else is known of it
    counts: Dict[str, int]  # what was left out of it
    posture: Optional[Posture]  # of the first person


def preprocess(clip: Dict, transforms: Sequence[Callable]) -> Dict:
    """Apply the transforms of the preprocessing to a raw clip.

    Args:
        clip (dict): Its frame_dir, keypoint, of shape (M, T, V, C),
            raw_frames and what the transforms need besides.
        transforms (Sequence[Callable]): The transforms.

    Returns:
        dict: The clip, with keypoint float32.

    Raises:
        FormatError: If a joint is not finite afterwards.
    """
    with np.errstate(over='ignore', invalid='ignore'):  # reported below
        for transform in transforms:
            clip = transform(clip)
    if not np.isfinite(clip['keypoint']).all():
        raise FormatError(
            clip['frame_dir'],
            'not finite after preprocessing: its joints are too far away',
        )
    return dict(clip, keypoint=clip['keypoint'].astype(np.float32, copy=False))


class ClipReader:
    """Read and preprocess one clip; broken ones are returned, not raised.

    Args:
        source (Source): Where the clips are from.
    """

    def __init__(self, source: Source) -> None:
        self.read = source.read
        self.layout = get_layout(source.layout)
        self.transforms = [
            TRANSFORMS.build(cfg) for cfg in source.preprocessing
        ]
        self.doubtful = source.doubtful

    def __call__(self, job: Any) -> Union[PreparedClip, FormatError]:
        try:
            raw = self.read(job)
            clip = preprocess(dict(raw), self.transforms)
        except FormatError as error:
            return error
        except ValueError as error:  # of a transform
            return FormatError(job, str(error))
        except OSError as error:
            return FormatError(
                error.filename or job, error.strerror or str(error)
            )
        return PreparedClip(
            clip['frame_dir'],
            clip['label'],
            raw['raw_frames'],
            clip['keypoint'],
            hashlib.blake2b(
                raw['keypoint'].tobytes(), digest_size=16
            ).digest(),
            raw.get('fields', {}),
            raw.get('counts', {}),
            self.measure(raw) if self.doubtful else None,
        )

    def measure(self, raw: Dict) -> Optional[Posture]:
        """Measure a clip in metres, y upwards."""
        first = self.transforms[0]
        turned = isinstance(first, WorldFrame)
        return measure(
            (first(dict(raw)) if turned else raw)['keypoint'], self.layout
        )


def prepare(
    source: Source,
    out_dir,
    workers: int = 1,
    strict: bool = False,
    overwrite: bool = False,
) -> str:
    """Write the prepared folder of a source.

    Args:
        source (Source): The raw clips.
        out_dir (str | PathLike): The folder, complete or absent afterwards.
            It does not depend on the number of workers.
        workers (int): Number of processes that read. Defaults to 1, in this
            process.
        strict (bool): Whether to stop at the first broken clip instead of
            reporting and skipping it. Defaults to False.
        overwrite (bool): Whether to replace a prepared folder of that name.
            Defaults to False.

    Returns:
        str: A summary to print.

    Raises:
        FormatError: If no clip is left, or one is broken and ``strict``.
        OSError: If the folder cannot be written.
    """
    writer = PreparedWriter(
        out_dir,
        dataset=source.dataset,
        layout=source.layout,
        num_classes=source.num_classes,
        max_clips=len(source.jobs),
        preprocessing=source.preprocessing,
        source=source.made_by,
        overwrite=overwrite,
        classes=source.classes,
    )
    digests, counts, postures, broken = {}, {}, [], Faults()
    dropped = dict(source.dropped, broken=0)
    clips = map_in_order(ClipReader(source), source.jobs, workers)
    with writer, closing(clips):
        for clip in with_progress(clips, len(source.jobs)):
            try:
                _append(writer, clip)
            except FormatError as error:
                if strict:
                    raise
                broken.add(error)
                dropped['broken'] += 1
            else:
                digests[clip.frame_dir] = clip.digest
                for what, number in clip.counts.items():
                    clips_of, sum_of = counts.get(what, (0, 0))
                    counts[what] = clips_of + 1, sum_of + number
                if clip.posture is not None:
                    postures.append(clip.posture)
        for line in broken.lines():
            print(f'skipped {line}', file=sys.stderr)
        if not digests:
            raise FormatError(
                source.path,
                f'no clip is left, dropped are {_format_counts(dropped)}'
                f'{broken.first()}',
            )
        order = doubt_of_order(postures, get_layout(source.layout))
        if source.doubtful and source.upright and not order:
            check_upright(postures, source.path)
        split = with_label_fractions(
            source.make_split(digests),
            {clip['frame_dir']: clip['label'] for clip in writer.annotations},
        )
        writer.commit(split, dropped)
    notes = [
        *source.notes,
        *(
            f'{what}: {number} in {num_clips} clips'
            for what, (num_clips, number) in counts.items()
        ),
        *_notes_on_splits(split),
        *(doubts(postures, get_layout(source.layout))),
    ]
    return '\n'.join(
        (
            _summarize(writer, split, dropped, digests),
            *(f'note     {note}' for note in notes),
        )
    )


class Faults:
    """Broken clips by kind: how many there are, and the first of them."""

    def __init__(self) -> None:
        self.kinds = {}

    def add(self, error: FormatError) -> None:
        """Count a clip; what differs between clips of a kind are names and
        numbers."""
        kind = re.sub(r'\d+', '0', _NAMED.sub('', error.reason))
        first, count = self.kinds.get(kind, (error, 0))
        self.kinds[kind] = first, count + 1

    def lines(self) -> List[str]:
        """A line per kind."""
        return [
            f'{first}' + (f' (and {count - 1} more like it)' * (count > 1))
            for first, count in self.kinds.values()
        ]

    def first(self) -> str:
        """The most frequent kind, for an error."""
        if not self.kinds:
            return ''
        first, count = max(self.kinds.values(), key=lambda kind: kind[1])
        return f'; {count} of them: {first.reason}'


def _notes_on_splits(split: Dict[str, List[str]]) -> List[str]:
    """Fractions of labels that are the same clips."""
    notes = []
    for key in split:
        if not any(f'{key}_{suffix}' in split for suffix in LABEL_FRACTIONS):
            continue
        same = defaultdict(list)
        for suffix in LABEL_FRACTIONS:
            same[tuple(split[f'{key}_{suffix}'])].append(f'{key}_{suffix}')
        notes += [
            f'{" and ".join(names)} are the same {len(clips)} clips, one per '
            'class at least'
            for clips, names in same.items()
            if len(names) > 1
        ]
    return notes


def _append(
    writer: PreparedWriter, clip: Union[PreparedClip, FormatError]
) -> None:
    if isinstance(clip, FormatError):
        raise clip
    try:
        writer.append(
            clip.keypoint,
            clip.frame_dir,
            clip.label,
            clip.raw_frames,
            clip.fields,
        )
    except ValueError as error:  # given twice, or of no known class
        raise FormatError(clip.frame_dir, str(error)) from error


def _summarize(
    writer: PreparedWriter,
    split: Dict[str, List[str]],
    dropped: Dict[str, int],
    digests: Dict[str, bytes],
) -> str:
    annotations = writer.annotations
    frames = [annotation['total_frames'] for annotation in annotations]
    classes = {annotation['label'] for annotation in annotations}
    labelled = [a for a in annotations if a['label'] != UNLABELLED]
    repeated = len(digests) - len(set(digests.values()))
    lines = [
        f'{writer.out_dir}',
        f'clips    {len(annotations)}, {repeated} of them repeat another one',
        f'labels   {len(labelled)} clips, {len(annotations) - len(labelled)} '
        'are unlabelled',
        f'classes  {len(classes - {UNLABELLED})} of '
        f'{writer.meta["num_classes"]}',
        f'frames   min {min(frames)}, median {np.median(frames):g}, '
        f'max {max(frames)}',
        'splits   '
        + _format_counts(
            {name: len(members) for name, members in split.items()}
        ),
        f'dropped  {_format_counts(dropped)}',
    ]
    return '\n'.join(lines)


def _format_counts(counts: Dict[str, int]) -> str:
    return ', '.join(f'{name}: {count}' for name, count in counts.items())
