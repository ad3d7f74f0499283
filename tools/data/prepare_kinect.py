"""Prepare own Kinect v2 recordings: ``.skeleton`` files of any name.

python tools/data/prepare_kinect.py RAW_DIR OUT_DIR --labels folders
"""

import argparse
from typing import TYPE_CHECKING

from ikem_cli.prepare import (
    add_frame_arguments,
    add_split_arguments,
    run,
)

if TYPE_CHECKING:
    from projects.ikem.datasets.sources import Source


def make_source(args: argparse.Namespace) -> 'Source':
    from projects.ikem.datasets.sources import kinect_source

    return kinect_source(
        args.raw_dir,
        args.labels,
        args.num_frames,
        args.up,
        args.scale,
        args.dataset,
        args.split_by,
        args.val_fraction,
        args.val_values,
    )


def main() -> None:
    parser = argparse.ArgumentParser(
        description='Prepare own Kinect v2 recordings'
    )
    parser.add_argument('raw_dir', help='folder with the .skeleton files')
    parser.add_argument(
        '--labels',
        default='none',
        metavar='none|folders|CSV',
        help='none; the folder of each recording; or a csv with the columns '
        'name, label and others, such as subject',
    )
    parser.add_argument(
        '--dataset', help='name of the data set; default: that of the folder'
    )
    add_frame_arguments(parser)
    add_split_arguments(parser)
    run(parser, make_source)


if __name__ == '__main__':
    main()
