"""Skeletons of any layout, drawn into the Axes of matplotlib.

Joints are those of prepared clips: x to the person's right, y up, the person
facing -z, each person centred on a joint of its own. Axes are seen as from
the sensor, in front of the person, so that x grows to the left. In 2D the
depth z is left out.
"""

from typing import List, NamedTuple, Optional, Sequence, Tuple

import numpy as np
from matplotlib.axes import Axes
from matplotlib.collections import LineCollection
from matplotlib.figure import Figure
from mpl_toolkits.mplot3d.art3d import Line3DCollection

from projects.ikem.skeletons import SkeletonLayout

# Colours that the colour-blind tell apart (Okabe and Ito, 2008), by person.
BLUE, ORANGE, GREEN, PURPLE = '#0072B2', '#D55E00', '#009E73', '#CC79A7'
PERSONS = (BLUE, ORANGE, GREEN, PURPLE)
FAINT = '#B0B0B0'
# Middle, left and right, by person.
SIDES = (('#333333', BLUE, ORANGE), ('#888888', '#56B4E9', '#E69F00'))
_HEAD = 12  # its area, in joints
_GAP = 0.15  # between persons, metres


class Clip(NamedTuple):
    """A prepared clip and what to write above it.

    Args:
        title (str): Its title.
        keypoint (np.ndarray): Joints of shape (M, T, V, 3), zero where a
            person is absent.
        layout (SkeletonLayout): Skeleton layout.
        time_scale (float): gamma, raw frames per frame. Defaults to 1.
    """

    title: str
    keypoint: np.ndarray
    layout: SkeletonLayout
    time_scale: float = 1.0


class Look(NamedTuple):
    """What tells the parts of a skeleton apart.

    Args:
        sides (list[int]): Of each joint: 0 in the middle or unknown, 1 left,
            2 right.
        head (int): The joint that is drawn as a head.
    """

    sides: List[int]
    head: int


def find_look(layout: SkeletonLayout, x: np.ndarray) -> Look:
    """Find sides, by the mirror of a layout, and the head, the highest joint
    in the middle.

    Args:
        layout (SkeletonLayout): The layout.
        x (np.ndarray): Joints of shape (..., V, 3), NaN where absent, x to
            the person's right.
    """
    mean = np.nanmean(x.reshape(-1, *x.shape[-2:]), axis=0)  # (V, 3)
    joints = range(layout.num_joints)
    sides = [
        0 if w == v else 2 if mean[v, 0] > mean[w, 0] else 1
        for v, w in enumerate(layout.mirror or joints)
    ]
    middle = [v for v in joints if sides[v] == 0]
    return Look(sides, max(middle or joints, key=lambda v: mean[v, 1]))


def bones(layout: SkeletonLayout) -> List[Tuple[int, int]]:
    """(joint, parent) of each bone, V - 1 of them."""
    return [(v, p) for v, p in enumerate(layout.parents) if v != p]


def place(keypoint: np.ndarray) -> np.ndarray:
    """Put the persons beside each other, where they can be told apart.

    Args:
        keypoint (np.ndarray): Joints of shape (M, T, V, 3).

    Returns:
        np.ndarray: Joints of that shape, the first person in its place and
        the others to the right of it as seen; NaN in frames in which a
        person is absent (all zeros).
    """
    x = np.array(keypoint, float)
    x[~x.any(axis=(2, 3))] = np.nan
    edge = None
    for person in x:
        if np.isnan(person).all():
            continue
        if edge is not None:
            person[..., 0] += edge - _GAP - np.nanmax(person[..., 0])
        edge = np.nanmin(person[..., 0])
    return x


def limits(x: np.ndarray, margin: float = 0.06) -> np.ndarray:
    """The box around all joints, for the Axes of all frames.

    Args:
        x (np.ndarray): Joints of shape (..., 3), NaN where absent.
        margin (float): On each side, as a part of the longest side. Defaults
            to 0.06.

    Returns:
        np.ndarray: Least and greatest coordinates, of shape (2, 3).

    Raises:
        ValueError: If there is no joint to see.
    """
    flat = x.reshape(-1, 3)
    flat = flat[~np.isnan(flat).any(1)]
    if not len(flat):
        raise ValueError('the clip shows nobody: all joints are zero')
    box = np.stack((flat.min(0), flat.max(0)))
    pad = max(margin * np.ptp(box, axis=0).max(), 1e-6)
    return box + [[-pad], [pad]]


def project(points: np.ndarray, ax: Axes) -> np.ndarray:
    """Coordinates in the Axes: (..., 2), or (..., 3) where they are 3D."""
    if ax.name == '3d':
        return points[..., [0, 2, 1]] * (-1, 1, 1)
    return points[..., :2] * (-1, 1)


def set_limits(ax: Axes, box: np.ndarray) -> None:
    """Fix what the Axes show, with the same scale in all directions."""
    edges = np.sort(project(box, ax), axis=0)
    ax.set_axis_off()
    ax.set_xlim(*edges[:, 0])
    ax.set_ylim(*edges[:, 1])
    if ax.name == '3d':
        ax.set_zlim(*edges[:, 2])
        ax.set_box_aspect(np.ptp(edges, axis=0), zoom=1.15)
        ax.view_init(elev=12, azim=-65)
    else:
        ax.set_aspect('equal')


def draw_segments(ax: Axes, segments: np.ndarray, **style) -> None:
    """Draw lines.

    Args:
        ax (Axes): Where.
        segments (np.ndarray): Their ends, of shape (num, 2, 3).
        **style: Arguments of matplotlib's ``LineCollection``.
    """
    kind = Line3DCollection if ax.name == '3d' else LineCollection
    ax.add_collection(kind(project(segments, ax), **style), autolim=False)


def draw_arrows(
    ax: Axes, start: np.ndarray, vectors: np.ndarray, **style
) -> None:
    """Draw arrows.

    Args:
        ax (Axes): Where.
        start (np.ndarray): Where they begin, of shape (num, 3).
        vectors (np.ndarray): Where they lead from there, of shape (num, 3).
        **style: Arguments of ``Axes.quiver``.
    """
    ends = project(start, ax), project(vectors, ax)
    if ax.name != '3d':
        style.update(angles='xy', scale_units='xy', scale=1)
        style.update(units='inches', width=0.018)
    ax.quiver(*ends[0].T, *ends[1].T, **style)


def draw_dots(ax: Axes, points: np.ndarray, **style) -> None:
    """Draw dots at points of shape (num, 3); arguments of ``scatter``."""
    ax.scatter(*project(points, ax).T, **dict(dict(linewidths=0), **style))


def draw_skeletons(
    ax: Axes,
    x: np.ndarray,
    layout: SkeletonLayout,
    color: Optional[str] = None,
    dots: float = 10,
    look: Optional[Look] = None,
) -> None:
    """Draw the persons of a frame.

    Args:
        ax (Axes): Where.
        x (np.ndarray): Joints of shape (M, V, 3), NaN where absent.
        layout (SkeletonLayout): Skeleton layout.
        color (str, optional): Of all. By default each person has its own.
        dots (float): Area of the joints. Defaults to 10.
        look (Look, optional): Colours left and right, and draws a head.
    """
    pairs = bones(layout)
    for m, person in enumerate(x):
        if np.isnan(person).any():
            continue
        shades = lines = color or PERSONS[m % len(PERSONS)]
        areas = dots
        if look is not None:
            hues = SIDES[m % len(SIDES)]
            shades = [hues[side] for side in look.sides]
            # a bone is of the side of its joint, else of its parent
            lines = [hues[look.sides[v] or look.sides[p]] for v, p in pairs]
            areas = np.full(len(person), dots, float)
            areas[look.head] *= _HEAD
        draw_segments(
            ax,
            person[pairs],
            colors=lines,
            linewidths=1.6,
            capstyle='round',
        )
        draw_dots(ax, person, s=areas, color=shades)


def draw_floor(ax: Axes, x: np.ndarray) -> None:
    """Draw a line below the lowest joint of a clip.

    Args:
        ax (Axes): Where.
        x (np.ndarray): Joints of shape (..., 3), NaN where absent.
    """
    low, high = limits(x)
    y, z = np.nanmin(x[..., 1]), (low[2] + high[2]) / 2
    ends = np.array([[(low[0], y, z), (high[0], y, z)]])
    draw_segments(ax, ends, colors=FAINT, linewidths=1, zorder=0)


def draw_strip(ax: Axes, clip: Clip, num_frames: int = 8) -> float:
    """Draw frames of a clip, from the first to the last, side by side.

    Args:
        ax (Axes): Where, in 2D.
        clip (Clip): The clip.
        num_frames (int): How many frames. Defaults to 8.

    Returns:
        float: Width of the strip divided by its height.
    """
    x = place(clip.keypoint)
    look = find_look(clip.layout, x)
    box = limits(x, margin=0.05)  # for the head
    width = np.ptp(box[:, 0])
    frames = np.linspace(0, x.shape[1] - 1, num_frames).round().astype(int)
    for i, t in enumerate(frames):
        shift = np.array((-i * width, 0, 0))  # to the right, as it is seen
        draw_skeletons(ax, x[:, t] + shift, clip.layout, dots=4, look=look)
    box[0, 0] -= (num_frames - 1) * width
    set_limits(ax, box)
    width, height, _ = np.ptp(box, axis=0)
    return width / height


def strips(
    clips: Sequence[Clip],
    num_frames: int = 8,
    colors: Optional[Sequence[str]] = None,
) -> Figure:
    """Frames of clips as strips below each other, in front view.

    Args:
        clips (sequence[Clip]): The clips.
        num_frames (int): Frames of each. Defaults to 8.
        colors (sequence[str], optional): Colours of the titles.

    Raises:
        ValueError: If a clip shows nobody.
    """
    figure = Figure(layout='constrained')
    axes = figure.subplots(len(clips), 1, squeeze=False)[:, 0]
    widths = [
        draw_strip(ax, clip, num_frames) for ax, clip in zip(axes, clips)
    ]
    figure.set_size_inches(max(5, 1.1 * max(widths)), 1.4 * len(clips))
    for i, (ax, clip) in enumerate(zip(axes, clips)):
        color = colors[i] if colors else 'black'
        ax.set_title(clip.title, loc='left', fontsize=9, color=color)
        ax.set_anchor('W')
    return figure
