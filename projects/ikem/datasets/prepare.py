"""Raw clips to a prepared folder: what the preparing tools share."""

import argparse
import hashlib
import os
import sys
from contextlib import closing
from typing import Any, Callable, Dict, List, NamedTuple, Sequence, Union

import numpy as np
from mmaction.registry import TRANSFORMS

from projects.ikem.engine.cli import one_line_errors

from .formats import FormatError
from .ordered_map import map_in_order, with_progress
from .prepared import PreparedWriter
from .sources import Source
from .splits import with_label_fractions


class PreparedClip(NamedTuple):
    """A clip as it goes to the prepared folder."""

    frame_dir: str
    label: int
    raw_frames: int
    keypoint: np.ndarray  # (M, T, V, C)
    digest: bytes  # of the raw joints


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
        self.transforms = [
            TRANSFORMS.build(cfg) for cfg in source.preprocessing
        ]

    def __call__(self, job: Any) -> Union[PreparedClip, FormatError]:
        try:
            raw = self.read(job)
            clip = preprocess(dict(raw), self.transforms)
        except FormatError as error:
            return error
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
    )
    digests = {}
    dropped = dict(source.dropped, broken=0)
    clips = map_in_order(ClipReader(source), source.jobs, workers)
    with writer, closing(clips):
        for clip in with_progress(clips, len(source.jobs)):
            try:
                _append(writer, clip)
            except FormatError as error:
                if strict:
                    raise
                print(f'\nskipped {error}', file=sys.stderr)
                dropped['broken'] += 1
            else:
                digests[clip.frame_dir] = clip.digest
        if not digests:
            raise FormatError(
                source.path,
                f'no clip is left, dropped are {_format_counts(dropped)}',
            )
        split = with_label_fractions(
            source.make_split(digests),
            {clip['frame_dir']: clip['label'] for clip in writer.annotations},
        )
        writer.commit(split, dropped)
    return _summarize(writer, split, dropped, digests)


def run(
    parser: argparse.ArgumentParser,
    make_source: Callable[[argparse.Namespace], Source],
) -> None:
    """Run a preparing tool: parse arguments, prepare, print the summary.

    Args:
        parser (argparse.ArgumentParser): Parser with the arguments of this
            tool alone; those that the tools share are added.
        make_source (Callable): Makes the source of the parsed arguments.
    """
    parser.add_argument('out_dir', help='the prepared folder to write')
    parser.add_argument(
        '--workers',
        type=positive_int,
        default=os.cpu_count(),
        help='processes that read; the result does not depend on it',
    )
    parser.add_argument(
        '--strict',
        action='store_true',
        help='stop at the first broken clip instead of skipping it',
    )
    parser.add_argument(
        '--overwrite',
        action='store_true',
        help='replace a prepared folder of that name',
    )
    args = parser.parse_args()
    with one_line_errors(parser.prog):
        summary = prepare(
            make_source(args),
            args.out_dir,
            workers=args.workers,
            strict=args.strict,
            overwrite=args.overwrite,
        )
    print(summary)


def positive_int(text: str) -> int:
    """Type of an argument that counts something."""
    number = int(text)
    if number < 1:
        raise argparse.ArgumentTypeError(f'{text} is not at least 1')
    return number


def _append(
    writer: PreparedWriter, clip: Union[PreparedClip, FormatError]
) -> None:
    if isinstance(clip, FormatError):
        raise clip
    try:
        writer.append(
            clip.keypoint, clip.frame_dir, clip.label, clip.raw_frames
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
    repeated = len(digests) - len(set(digests.values()))
    lines = [
        f'{writer.out_dir}',
        f'clips    {len(annotations)}, {repeated} of them repeat another one',
        f'classes  {len(classes)} of {writer.meta["num_classes"]}',
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
