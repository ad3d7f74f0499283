"""Prepare NW-UCLA: the json files of ``all_sqe`` to a prepared folder.

python tools/data/prepare_nwucla.py RAW_DIR OUT_DIR
"""

import argparse

from projects.ikem.datasets.sources import nwucla_source
from projects.ikem.engine.cli import positive_int
from projects.ikem.engine.prepare_cli import run


def main() -> None:
    parser = argparse.ArgumentParser(description='Prepare NW-UCLA skeletons')
    parser.add_argument('raw_dir', help='folder with the json files')
    parser.add_argument('--num-frames', type=positive_int, default=50)
    run(parser, lambda args: nwucla_source(args.raw_dir, args.num_frames))


if __name__ == '__main__':
    main()
