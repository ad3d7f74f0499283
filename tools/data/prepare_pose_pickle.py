"""Prepare 3-D pose pickles of mmaction2 or PYSKL, such as ``ntu60_3d.pkl``.

python tools/data/prepare_pose_pickle.py PICKLE [PICKLE ...] OUT_DIR
"""

import argparse
from typing import TYPE_CHECKING

from ikem_cli.prepare import (
    add_frame_arguments,
    add_layout_argument,
    add_split_arguments,
    run,
)

if TYPE_CHECKING:
    from projects.ikem.datasets.sources import Source


def make_source(args: argparse.Namespace) -> 'Source':
    from projects.ikem.datasets.sources import npz_source, pose_pickle_source

    if args.pickles[0].endswith('.npz') and len(args.pickles) == 1:
        if (
            args.interpolate
            or args.split_by
            or args.val_fraction
            or args.labels
        ):
            raise ValueError(
                'an npz file has its split and whole joints: leave out '
                '--interpolate, --labels, --split-by and --val-fraction'
            )
        return npz_source(
            args.pickles[0],
            None,
            args.dataset,
            args.layout,
            args.num_frames,
            args.up,
            args.scale,
        )
    return pose_pickle_source(
        args.pickles,
        args.dataset,
        args.layout,
        args.num_frames,
        args.up,
        args.scale,
        args.interpolate,
        args.split_by,
        args.val_fraction,
        args.val_values,
        args.labels,
    )


def main() -> None:
    parser = argparse.ArgumentParser(description='Prepare 3-D pose pickles')
    parser.add_argument(
        'pickles',
        nargs='+',
        metavar='pickle',
        help='the pickles, read without running them, or an npz file of '
        'CTR-GCN; a list of annotations '
        'is a split by the name of its file if there are several',
    )
    parser.add_argument(
        '--dataset', help='name of the data set; default: that of the file'
    )
    add_layout_argument(parser)
    add_frame_arguments(parser)
    parser.add_argument(
        '--interpolate',
        action='store_true',
        help='fill joints that are NaN from the frames around',
    )
    parser.add_argument(
        '--labels',
        metavar='CSV',
        help='a csv with the columns name, label and others, in place of the '
        'labels of the clips that it names',
    )
    add_split_arguments(parser)
    run(parser, make_source)


if __name__ == '__main__':
    main()
