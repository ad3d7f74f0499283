"""Panels that show a clip frame by frame, as one picture or as a movie."""

import shutil
from pathlib import Path
from typing import Callable, List, NamedTuple, Sequence, Tuple, Union

import numpy as np
from matplotlib.animation import FFMpegWriter, FuncAnimation, PillowWriter
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from mmengine.utils import ProgressBar

from projects.ikem.files import written_aside

from .skeletons import (
    Clip,
    draw_floor,
    draw_skeletons,
    find_look,
    limits,
    place,
    set_limits,
)

RAW_FRAME_RATE = 30  # of the Kinect, by which NTU RGB+D and NW-UCLA were made
MOVIES = ('.gif', '.mp4')


class Panel(NamedTuple):
    """One of several views of a clip.

    Args:
        title (str): What it shows.
        box (np.ndarray): What the Axes show in all frames, see
            :func:`skeletons.limits`.
        draw (callable): Draws frame t: ``draw(ax, t)``.
        num_frames (int): T.
    """

    title: str
    box: np.ndarray
    draw: Callable[[Axes, int], None]
    num_frames: int


def joint_panel(clip: Clip) -> Panel:
    """A clip as skeletons."""
    x = place(clip.keypoint)
    look = find_look(clip.layout, x)

    def draw(ax: Axes, t: int) -> None:
        draw_floor(ax, x)
        draw_skeletons(ax, x[:, t], clip.layout, look=look)

    title = clip.title.replace(': ', '\n')
    return Panel(title, limits(x), draw, x.shape[1])


def _grid(
    rows: Sequence[Sequence[Panel]], three_d: bool
) -> Tuple[Figure, List[Tuple[Axes, Panel]]]:
    """Empty Axes for the panels of each row."""
    columns = max(map(len, rows))
    sides = np.max([np.ptp(p.box, axis=0) for row in rows for p in row], 0)
    height = 2.4
    width = float(np.clip(height * sides[0] / sides[1], 2.0, 5.0))
    figure = Figure(
        figsize=(columns * width, len(rows) * (height + 0.45)),
        layout='constrained',
    )
    figure.get_layout_engine().set(w_pad=0.02, h_pad=0.02)
    shown = []
    for r, row in enumerate(rows):
        for c, panel in enumerate(row):
            ax = figure.add_subplot(
                len(rows),
                columns,
                r * columns + c + 1,
                projection='3d' if three_d else None,
            )
            set_limits(ax, panel.box)
            ax.set_title(panel.title, fontsize=8)
            shown.append((ax, panel))
    return figure, shown


def _fix_layout(figure: Figure) -> None:
    for _ in range(2):  # the layout of the first one leaves out the titles
        figure.draw_without_rendering()
    figure.set_layout_engine('none')


def still(
    rows: Sequence[Sequence[Panel]],
    frame: int,
    three_d: bool = False,
    title: str = '',
) -> Figure:
    """Panels in one picture.

    Args:
        rows (sequence[sequence[Panel]]): The panels of each row.
        frame (int): The frame that they show.
        three_d (bool): Whether the Axes are 3D. Defaults to False.
        title (str): Title of all.
    """
    figure, shown = _grid(rows, three_d)
    for ax, panel in shown:
        panel.draw(ax, frame)
    if title:
        figure.suptitle(title, fontsize=9)
    _fix_layout(figure)
    return figure


def movie(
    rows: Sequence[Sequence[Panel]], frame_rate: float, three_d: bool = False
) -> FuncAnimation:
    """Panels that move, while their Axes do not.

    Args:
        rows (sequence[sequence[Panel]]): The panels of each row. A shorter
            clip stays at its last frame.
        frame_rate (float): Frames per second.
        three_d (bool): Whether the Axes are 3D. Defaults to False.
    """
    figure, shown = _grid(rows, three_d)
    _fix_layout(figure)  # or the Axes would move

    def update(t: int) -> List:
        for ax, panel in shown:
            for artist in list(ax.collections):
                artist.remove()
            panel.draw(ax, min(t, panel.num_frames - 1))
        return []

    num_frames = max(panel.num_frames for _, panel in shown)
    return FuncAnimation(
        figure, update, num_frames, interval=1000 / frame_rate
    )


def require_writer(path) -> None:
    """Check that a file can be made, before drawing what goes there.

    Args:
        path (str | PathLike): The file.

    Raises:
        RuntimeError: If an MP4 needs ffmpeg, which is not there.
    """
    if Path(path).suffix == '.mp4' and shutil.which('ffmpeg') is None:
        raise RuntimeError(
            f'{path}: an MP4 is made by the program ffmpeg, which is not '
            'installed: install it, or write a .gif'
        )


def write(picture: Union[Figure, FuncAnimation], path, dpi: int = 100) -> None:
    """Write a picture or a movie, with a progress bar for the latter.

    Args:
        picture (Figure | FuncAnimation): A Figure in any form that matplotlib
            knows, such as ``.png``, or an animation as ``.gif`` or ``.mp4``.
        path (str | PathLike): The file.
        dpi (int): Pixels per inch. Defaults to 100.

    Raises:
        OSError: If it cannot be written.
        RuntimeError: If an MP4 needs ffmpeg, which is not there.
        ValueError: If the suffix does not go with the picture.
    """
    path = Path(path)
    is_movie = isinstance(picture, FuncAnimation)
    if is_movie and path.suffix not in MOVIES:
        raise ValueError(
            f'{path}: a movie is written as one of {", ".join(MOVIES)}'
        )
    require_writer(path)
    with written_aside(path) as aside:
        if is_movie:
            _save_movie(picture, aside, dpi)
        else:
            picture.savefig(aside, dpi=dpi)


def _save_movie(animation: FuncAnimation, path: Path, dpi: int) -> None:
    kind = PillowWriter if path.suffix == '.gif' else FFMpegWriter
    bar = []

    def show_progress(_: int, total: int) -> None:
        if not bar:
            bar.append(ProgressBar(total))
        bar[0].update()

    rate = 1000 / animation._interval
    animation.save(
        path, kind(fps=rate), dpi=dpi, progress_callback=show_progress
    )
    print()
