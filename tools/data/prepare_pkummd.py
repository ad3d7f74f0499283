"""Prepare PKU-MMD: its videos are cut into clips of one action.

python tools/data/prepare_pkummd.py SKELETON_DIR LABEL_DIR OUT_DIR \
    --split xsub=cross-subject.txt xview=cross-view.txt
"""

import argparse

from projects.ikem.datasets.sources import Source, pkummd_source
from projects.ikem.engine.cli import positive_int
from projects.ikem.engine.prepare_cli import run


def make_source(args: argparse.Namespace) -> Source:
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
