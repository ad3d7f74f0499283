"""Prepare a 3-D pose pickle of mmaction2 or PYSKL, such as ``ntu60_3d.pkl``.

python tools/data/prepare_pose_pickle.py PICKLE OUT_DIR
"""

import argparse

from projects.ikem.datasets.prepare import positive_int, run
from projects.ikem.datasets.sources import Source, pose_pickle_source
from projects.ikem.skeletons import LAYOUTS


def make_source(args: argparse.Namespace) -> Source:
    return pose_pickle_source(
        args.pickle, args.dataset, args.layout, args.num_frames
    )


def main() -> None:
    parser = argparse.ArgumentParser(description='Prepare a 3-D pose pickle')
    parser.add_argument('pickle', help='the pickle, read without running it')
    parser.add_argument(
        '--dataset', help='name of the data set; default: that of the file'
    )
    parser.add_argument('--layout', choices=sorted(LAYOUTS), default='ntu-25')
    parser.add_argument('--num-frames', type=positive_int, default=50)
    run(parser, make_source)


if __name__ == '__main__':
    main()
