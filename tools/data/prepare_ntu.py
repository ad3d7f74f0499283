"""Prepare NTU RGB+D 60 or 120, or the synthetic set, from ``.skeleton`` files.

python tools/data/prepare_ntu.py RAW_DIR OUT_DIR --dataset ntu60
"""

import argparse
from typing import TYPE_CHECKING

from ikem_cli.arguments import positive_int
from ikem_cli.choices import DATASETS, SELECTIONS
from ikem_cli.prepare import run

if TYPE_CHECKING:
    from projects.ikem.datasets.sources import Source


def make_source(args: argparse.Namespace) -> 'Source':
    from projects.ikem.datasets.sources import ntu_source

    return ntu_source(
        args.raw_dir,
        args.dataset,
        args.select_bodies,
        args.num_frames,
        args.missing_list,
    )


def main() -> None:
    parser = argparse.ArgumentParser(
        description='Prepare raw NTU RGB+D skeletons'
    )
    parser.add_argument('raw_dir', help='folder with the .skeleton files')
    parser.add_argument('--dataset', choices=DATASETS, required=True)
    parser.add_argument(
        '--select-bodies',
        choices=SELECTIONS,
        default='order',
        help='keep the first two bodies of each frame, or track bodies and '
        "keep the two that move most, as the toolbox's own pickles do, in the "
        'frames that show the first of them, or in those that show any',
    )
    parser.add_argument(
        '--missing-list',
        metavar='FILE',
        help='names of samples to leave out, txt or json, in place of the '
        'published list',
    )
    parser.add_argument('--num-frames', type=positive_int, default=50)
    run(parser, make_source)


if __name__ == '__main__':
    main()
