"""Plot what trainings logged, such as losses, over the epochs.

python tools/visualizations/plot_curves.py WORK_DIR [WORK_DIR ...] --out FILE
"""

import argparse
import re
from pathlib import Path
from typing import Dict, List, Tuple

import matplotlib

matplotlib.use('Agg')
import matplotlib.pyplot as plt  # noqa: E402

from projects.ikem.engine.cli import one_line_errors  # noqa: E402
from projects.ikem.engine.logs import read_logs  # noqa: E402
from projects.ikem.files import written_aside  # noqa: E402

Curves = Dict[str, Dict[int, float]]


def read_curves(work_dir: Path, pattern: str) -> Curves:
    """Logged values by name and epoch.

    Args:
        work_dir (Path): Folder of a run.
        pattern (str): Regular expression that names have to match.

    Raises:
        FileNotFoundError: If the folder has no log.
        ValueError: If nothing in the log matches.
    """
    curves = {
        name: values
        for name, values in read_logs(work_dir).items()
        if re.fullmatch(pattern, name)
    }
    if not curves:
        raise ValueError(f'{work_dir}: no logged name matches {pattern!r}')
    return curves


def plot(runs: List[Tuple[str, Curves]], title: str) -> plt.Figure:
    """One panel a run, one line a name."""
    figure, axes = plt.subplots(
        1, len(runs), figsize=(5.5 * len(runs), 4.8), squeeze=False
    )
    for axis, (name, curves) in zip(axes[0], runs):
        for label, curve in curves.items():
            axis.plot(list(curve), list(curve.values()), label=label, lw=1.2)
        axis.set_title(name, fontsize=9)
        axis.set_xlabel('epoch')
        axis.grid(alpha=0.3)
        below = dict(loc='upper center', bbox_to_anchor=(0.5, -0.14))
        axis.legend(fontsize=6, ncol=3, **below)
    figure.suptitle(title)
    figure.tight_layout()
    return figure


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument('work_dirs', nargs='+', type=Path, metavar='WORK_DIR')
    parser.add_argument('--out', required=True, help='picture to write')
    parser.add_argument(
        '--names',
        default='loss_.*',
        help='regular expression of the names to plot (default: %(default)s)',
    )
    parser.add_argument('--title', default='')
    args = parser.parse_args()
    with one_line_errors('plot_curves.py'):
        runs = [(d.name, read_curves(d, args.names)) for d in args.work_dirs]
        with written_aside(args.out) as path:
            plot(runs, args.title).savefig(path, dpi=90)


if __name__ == '__main__':
    main()
