"""Plot what trainings logged, such as losses, over the epochs.

python tools/visualizations/plot_curves.py WORK_DIR [WORK_DIR ...] --out FILE
"""

import argparse
from pathlib import Path
from typing import TYPE_CHECKING, List

from ikem_cli.errors import one_line_errors

if TYPE_CHECKING:
    from matplotlib.figure import Figure


def parse_args() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument('work_dirs', nargs='+', type=Path, metavar='WORK_DIR')
    parser.add_argument('--out', required=True, help='picture to write')
    parser.add_argument(
        '--names',
        nargs='+',
        default=['loss_.*'],
        metavar='PATTERN',
        help='regular expressions of the names to plot, a panel each, such as '
        "'loss_.*' 'acc/.*_knn1_top1' lr (default: %(default)s)",
    )
    parser.add_argument(
        '--overlay',
        action='store_true',
        help='one panel a name and one line a run, instead of one column of '
        'panels a run',
    )
    parser.add_argument('--title', default='')
    return parser.parse_args()


def draw(args: argparse.Namespace) -> 'Figure':
    """The picture that is asked for."""
    from projects.ikem.visualization.curves import (
        curves_figure,
        overlay_figure,
        read_curves,
    )

    titles = run_names(args.work_dirs)
    runs = read_curves(args.work_dirs, args.names)
    for i, name in enumerate(args.names):
        if not any(panels[i] for panels in runs):
            print(f'no run has logged {name!r}')
    if args.overlay:
        curves = [
            {n: v for panel in panels for n, v in panel.items()}
            for panels in runs
        ]
        return overlay_figure(list(zip(titles, curves)), args.title)
    return curves_figure(list(zip(titles, runs)), args.title, args.names)


def run_names(work_dirs: List[Path]) -> List[str]:
    """Names of the folders; where two are equal, their paths."""
    own = [work_dir.name for work_dir in work_dirs]
    return [
        name if own.count(name) == 1 else str(work_dir)
        for name, work_dir in zip(own, work_dirs)
    ]


def main() -> None:
    with one_line_errors():
        args = parse_args()
        from projects.ikem.visualization.panels import write

        write(draw(args), args.out, dpi=90)


if __name__ == '__main__':
    main()
