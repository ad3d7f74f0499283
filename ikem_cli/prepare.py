"""What the command lines of ``tools/data/prepare_*.py`` share."""

import argparse
import os
from typing import TYPE_CHECKING, Callable

from .arguments import positive_int
from .choices import LAYOUTS, UP_AXES
from .errors import one_line_errors

if TYPE_CHECKING:
    from projects.ikem.datasets.sources import Source


def run(
    parser: argparse.ArgumentParser,
    make_source: Callable[[argparse.Namespace], 'Source'],
) -> None:
    """Run a preparing tool: parse arguments, prepare, print the summary.

    Args:
        parser (argparse.ArgumentParser): Parser with the arguments of this
            tool alone; those that the tools share are added.
        make_source (Callable): Makes the source of the parsed arguments.
    """
    parser.add_argument('out_dir', help='the prepared folder to write')
    parser.add_argument(
        '--imports',
        nargs='+',
        metavar='MODULE',
        default=[],
        help='modules that register an own layout, such as my_parts',
    )
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
        from mmengine.utils import import_modules_from_strings

        from projects.ikem.datasets.prepare import prepare
        from projects.ikem.skeletons import read_layout

        import_modules_from_strings(args.imports)
        if isinstance(getattr(args, 'layout', None), str):
            args.layout = read_layout(args.layout)
        summary = prepare(
            make_source(args),
            args.out_dir,
            workers=args.workers,
            strict=args.strict,
            overwrite=args.overwrite,
        )
    print(summary)


def add_layout_argument(parser: argparse.ArgumentParser) -> None:
    """Argument of clips of any skeleton."""
    parser.add_argument(
        '--layout',
        default='ntu-25',
        help='layout of the joints: a name, one of '
        f'{", ".join(LAYOUTS)} or of what --imports registers, or a '
        'json file with the arguments of SkeletonLayout',
    )


def add_frame_arguments(parser: argparse.ArgumentParser) -> None:
    """Arguments of clips whose frame of reference the user knows."""
    parser.add_argument('--num-frames', type=positive_int, default=50)
    parser.add_argument(
        '--up',
        choices=UP_AXES,
        help='axis that points upwards; write --up=-y with a minus. By '
        'default y, and people that are not upright are refused',
    )
    parser.add_argument(
        '--scale',
        type=float,
        default=1.0,
        help='metres per unit of the joints, 0.001 for millimetres',
    )


def add_split_arguments(parser: argparse.ArgumentParser) -> None:
    """Arguments that split clips into train and val."""
    parser.add_argument(
        '--split-by',
        metavar='FIELD',
        help='hold out whole groups of clips, such as --split-by subject',
    )
    parser.add_argument(
        '--val-values', nargs='+', help='the groups to hold out'
    )
    parser.add_argument(
        '--val-fraction',
        type=fraction,
        help='share of the clips to hold out, of each class, or at least of '
        'the groups; by default 0.25 with --split-by',
    )


def fraction(text: str) -> float:
    """Type of a share."""
    number = float(text)
    if not 0 < number < 1:
        raise argparse.ArgumentTypeError(f'{text} is not between 0 and 1')
    return number
