"""Write one HTML page of what a run or a suite of runs did.

python tools/report.py WORK_DIR
"""

import argparse
from pathlib import Path

from ikem_cli.errors import one_line_errors


def parse_args() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description='Write one HTML page of what a run or a suite did'
    )
    parser.add_argument(
        'work_dir',
        type=Path,
        metavar='WORK_DIR',
        help='of tools/train.py, or of tools/reproduce.py',
    )
    parser.add_argument(
        '--out', type=Path, help='the file (default: WORK_DIR/report.html)'
    )
    parser.add_argument(
        '--max-clips',
        type=int,
        default=300,
        help='of each split, for confusions, embedding and neighbours; of '
        'more, so many are drawn at random; 0 leaves them out (default: '
        '%(default)s)',
    )
    return parser.parse_args()


def main() -> None:
    args = parse_args()
    out = args.out or args.work_dir / 'report.html'
    with one_line_errors():
        try:
            from projects.ikem.report import write_report
        except ModuleNotFoundError as error:
            raise ModuleNotFoundError(
                f"{error}: pip install -e '.[plots]'"
            ) from error
        write_report(args.work_dir, out, args.max_clips)
    print(f'{out} ({out.stat().st_size / 1e6:.1f} MB)')


if __name__ == '__main__':
    main()
