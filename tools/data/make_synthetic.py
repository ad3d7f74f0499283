"""Make a synthetic data set in the files of NTU RGB+D.

python tools/data/make_synthetic.py OUT
"""

import argparse
import os
from functools import partial
from pathlib import Path

from ikem_cli.arguments import positive_int
from ikem_cli.errors import one_line_errors


def main() -> None:
    parser = argparse.ArgumentParser(
        description='Make a synthetic data set in the files of NTU RGB+D'
    )
    parser.add_argument('out_dir', metavar='OUT', help='folder to make')
    add = partial(parser.add_argument, type=positive_int)
    add('--subjects', default=10, dest='num_subjects')
    add('--repetitions', default=2, dest='num_repetitions')
    add('--workers', default=os.cpu_count(), help='processes that write')
    parser.add_argument('--seed', type=int, default=0)
    parser.add_argument(
        '--overwrite', action='store_true', help='replace .skeleton files'
    )
    args = parser.parse_args()
    with one_line_errors():
        from projects.ikem.datasets.synthetic.clips import generate

        generate(**vars(args))
        print(f'\n{Path(args.out_dir).absolute()}')


if __name__ == '__main__':
    main()
