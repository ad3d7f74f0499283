"""Reproduce the tables of the paper: run what is missing, write the tables.

python tools/reproduce.py SUITE [--seeds 0 1 2] [--tables 1b 1d] [--jobs N]
"""

import argparse
import sys
from pathlib import Path

from ikem_cli.arguments import positive_int
from ikem_cli.errors import one_line_errors


def parse_args() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument(
        'suite',
        help='a name in configs/suites, such as ntu60, or the path of a file',
    )
    parser.add_argument('--seeds', nargs='+', type=int, default=[0, 1, 2])
    parser.add_argument('--tables', nargs='+', help='by default all')
    parser.add_argument(
        '--jobs', type=positive_int, default=1, help='runs at a time'
    )
    parser.add_argument(
        '--work-dir', type=Path, help='by default work_dirs/suites/SUITE'
    )
    parser.add_argument(
        '--dry-run', action='store_true', help='list what would be run'
    )
    return parser.parse_args()


def main() -> None:
    args = parse_args()
    with one_line_errors():
        from projects.ikem.reproduce import reproduce

        code = reproduce(
            args.suite,
            args.seeds,
            Path.cwd(),
            only=args.tables,
            jobs=args.jobs,
            folder=args.work_dir and args.work_dir.resolve(),
            dry_run=args.dry_run,
        )
    sys.exit(code)


if __name__ == '__main__':
    main()
