"""What trainings logged, over the epochs."""

import re
from pathlib import Path
from typing import Dict, List, Sequence, Tuple

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from projects.ikem.engine.logs import read_logs

# Values by epoch, by the name under which they were logged.
Curves = Dict[str, Dict[int, float]]


def read_curves(
    work_dirs: Sequence[Path], patterns: Sequence[str]
) -> List[List[Curves]]:
    """Logged values by name and epoch, of each run for each pattern.

    Args:
        work_dirs (sequence[Path]): Folders of the runs.
        patterns (sequence[str]): Regular expressions that names have to
            match.

    Raises:
        FileNotFoundError: If a folder has no log.
        ValueError: If nothing in any log matches any pattern, or one is no
            expression.
    """
    logs = [read_logs(work_dir) for work_dir in work_dirs]
    runs: List[List[Curves]] = [[] for _ in logs]
    for pattern in patterns:
        try:
            expression = re.compile(pattern)
        except re.error as error:
            raise ValueError(
                f'{pattern!r} is no regular expression: {error}'
            ) from error
        for log, panels in zip(logs, runs):
            panels.append(
                {n: v for n, v in log.items() if expression.fullmatch(n)}
            )
    if not any(curves for panels in runs for curves in panels):
        names = dict.fromkeys(n for log in logs for n in log)
        raise ValueError(
            f'no logged name matches {" or ".join(map(repr, patterns))}; '
            f'there are {", ".join(names)}'
        )
    return runs


def curves_figure(
    runs: Sequence[Tuple[str, Sequence[Curves]]],
    title: str = '',
    patterns: Sequence[str] = (),
) -> Figure:
    """A column of panels for each run, a line for each name.

    Args:
        runs (sequence[tuple[str, sequence[Curves]]]): Name of each run and
            the curves of its panels.
        title (str): Title.
        patterns (sequence[str]): What each panel is of, to say so where it
            is empty.
    """
    rows = max(len(panels) for _, panels in runs)
    figure = Figure(
        figsize=(5.5 * len(runs), 4.4 * rows), layout='constrained'
    )
    axes = figure.subplots(rows, len(runs), squeeze=False)
    for column, (run, panels) in zip(axes.T, runs):
        for i, (ax, curves) in enumerate(zip(column, panels)):
            _draw(ax, curves, *patterns[i : i + 1])
        column[0].set_title(run, fontsize=9)
    figure.suptitle(title)
    return figure


def overlay_figure(
    runs: Sequence[Tuple[str, Curves]], title: str = ''
) -> Figure:
    """A panel for each name, a line for each run.

    Args:
        runs (sequence[tuple[str, Curves]]): Name of each run, none twice, and
            its curves. A run without a curve is not in its panel.
        title (str): Title.
    """
    names = list(dict.fromkeys(n for _, curves in runs for n in curves))
    columns = min(3, len(names))
    rows = -(-len(names) // columns)
    figure = Figure(figsize=(5 * columns, 3.8 * rows), layout='constrained')
    axes = figure.subplots(rows, columns, squeeze=False).flat
    for name, ax in zip(names, axes):
        _draw(ax, {r: c[name] for r, c in runs if name in c})
        ax.set_title(name, fontsize=9)
    for ax in axes:  # those that are left
        ax.set_axis_off()
    figure.suptitle(title)
    return figure


def _draw(ax: Axes, curves: Curves, pattern: str = '') -> None:
    """A line for each name; from the eleventh on dashed."""
    if not curves:
        ax.text(
            0.5,
            0.5,
            f'{pattern}\nnot logged'.strip(),
            ha='center',
            va='center',
        )
        ax.set_axis_off()
        return
    for i, (label, curve) in enumerate(curves.items()):
        style = ('-', '--', ':')[i // 10 % 3]
        ax.plot(*zip(*curve.items()), label=label, lw=1.2, ls=style)
    ax.set_xlabel('epoch')
    ax.grid(alpha=0.3)
    below = dict(loc='upper center', bbox_to_anchor=(0.5, -0.14))
    ax.legend(fontsize=6, ncol=min(3, len(curves)), **below)
