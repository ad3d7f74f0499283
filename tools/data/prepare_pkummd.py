"""Prepare PKU-MMD: its videos are cut into clips of one action.

python tools/data/prepare_pkummd.py SKELETON_DIR LABEL_DIR OUT_DIR \
    --split xsub=cross-subject.txt xview=cross-view.txt
"""

import argparse
from typing import TYPE_CHECKING

from ikem_cli.arguments import positive_int
from ikem_cli.prepare import run

if TYPE_CHECKING:
    from projects.ikem.datasets.sources import Source


def make_source(args: argparse.Namespace) -> 'Source':
    from projects.ikem.datasets.sources import pkummd_source

    return pkummd_source(
        args.skeletons, args.labels, dict(args.split), args.num_frames
    )


def named_file(text: str):
    """Type of NAME=FILE."""
    name, equals, path = text.partition('=')
    if not (name and equals and path):
        raise argparse.ArgumentTypeError(f'{text} is not NAME=FILE')
    return name, path


def main() -> None:
    parser = argparse.ArgumentParser(description='Prepare PKU-MMD')
    parser.add_argument('skeletons', help='folder with the skeletons')
    parser.add_argument('labels', help='folder with the labels')
    parser.add_argument(
        '--split',
        nargs='+',
        type=named_file,
        required=True,
        metavar='NAME=FILE',
        help='lists of training and validation videos, such as '
        'xsub=cross-subject.txt',
    )
    parser.add_argument('--num-frames', type=positive_int, default=50)
    run(parser, make_source)


if __name__ == '__main__':
    main()
