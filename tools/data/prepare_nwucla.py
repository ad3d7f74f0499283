"""Prepare NW-UCLA: the json files of ``all_sqe`` to a prepared folder.

python tools/data/prepare_nwucla.py RAW_DIR OUT_DIR
"""

import argparse
from typing import TYPE_CHECKING

from ikem_cli.arguments import positive_int
from ikem_cli.prepare import run

if TYPE_CHECKING:
    from projects.ikem.datasets.sources import Source


def make_source(args: argparse.Namespace) -> 'Source':
    from projects.ikem.datasets.sources import nwucla_source

    return nwucla_source(args.raw_dir, args.num_frames)


def main() -> None:
    parser = argparse.ArgumentParser(description='Prepare NW-UCLA skeletons')
    parser.add_argument('raw_dir', help='folder with the json files')
    parser.add_argument('--num-frames', type=positive_int, default=50)
    run(parser, make_source)


if __name__ == '__main__':
    main()
