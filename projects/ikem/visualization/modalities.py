"""The modalities of a clip as panels, each in the form that shows it best."""

from typing import Callable, Dict, List, Optional, Sequence, Tuple

import numpy as np
import torch
from matplotlib.axes import Axes

from projects.ikem.models.modalities import MODALITIES, derive_modalities
from projects.ikem.skeletons import SkeletonLayout

from .panels import Panel
from .skeletons import (
    BLUE,
    FAINT,
    GREEN,
    ORANGE,
    PURPLE,
    Clip,
    draw_arrows,
    draw_dots,
    draw_floor,
    draw_segments,
    draw_skeletons,
    find_look,
    limits,
    place,
)

# Lengths as a part of the body's height.
_LONGEST_ARROW = 0.25
_HALF_AXIS = 0.05
_LARGEST_DISC = 220  # area in points squared

Draw = Callable[[Axes, int], None]
# Joints with NaN where a person is absent and modalities, of shape
# (M, T, V, 3) -> a note on what is seen, and what draws a frame.
Drawing = Callable[
    [np.ndarray, Dict[str, np.ndarray], SkeletonLayout], Tuple[str, Draw]
]


def modality_panels(
    clip: Clip,
    names: Sequence[str] = tuple(MODALITIES),
    box: Optional[np.ndarray] = None,
) -> List[Panel]:
    """A panel for each modality of a clip.

    ``joint`` is a skeleton, ``bone`` an arrow to each joint from its parent,
    ``motion`` and ``acceleration`` are arrows at the joints, a
    ``rotation_axis`` is a line through its hinge, and ``angular_velocity`` a
    disc there, its area the speed, its colour whether the hinge bends. Own
    modalities are arrows at the joints.

    Args:
        clip (Clip): The clip.
        names (sequence[str]): The modalities. Defaults to all six.
        box (np.ndarray, optional): What the Axes show, see
            :func:`skeletons.limits`. By default the clip.

    Raises:
        ValueError: If a modality is unknown, the clip does not fit the layout
            or shows nobody.
    """
    joints = torch.as_tensor(clip.keypoint, dtype=torch.float64)
    derived = derive_modalities(
        joints[None],
        {*names, 'rotation_axis'},  # the sign of the angular velocity
        clip.layout,
        torch.tensor([clip.time_scale]),
    )
    values = {u: value[0].numpy() for u, value in derived.items()}
    x = place(clip.keypoint)
    box = limits(x) if box is None else box
    panels = []
    for u in names:
        drawing = DRAWINGS.get(u) or _arrows(u, PURPLE, '')
        note, draw = drawing(x, values, clip.layout)
        title = f'{u.replace("_", " ")}\n{note}'
        panels.append(Panel(title, box, draw, x.shape[1]))
    return panels


def liveliest_frame(clip: Clip) -> int:
    """The frame in which the joints move most, other than together, as they
    do where the joint that clips are centred on trembles."""
    steps = np.diff(place(clip.keypoint), axis=1)  # (M, T - 1, V, 3)
    steps -= steps.mean(axis=2, keepdims=True)
    speed = np.linalg.norm(steps, axis=-1)
    return int(np.nansum(speed, axis=(0, 2)).argmax())


def _joint(x, values, layout) -> Tuple[str, Draw]:
    look = find_look(layout, x)

    def draw(ax: Axes, t: int) -> None:
        draw_floor(ax, x)
        draw_skeletons(ax, x[:, t], layout, dots=16, look=look)

    return 'metres', draw


def _bone(x, values, layout) -> Tuple[str, Draw]:
    b = values['bone'].copy()
    # the virtual torso bone is as long as a bone, not 1 m
    b[:, :, layout.root] *= _LONGEST_ARROW * _height(x) / 2
    start = x[:, :, list(layout.parents)]

    def draw(ax: Axes, t: int) -> None:
        draw_arrows(ax, *_visible(start[:, t], b[:, t]), color=BLUE)

    return 'from parent to joint', draw


def _arrows(name: str, color: str, unit: str = 'per raw frame, ') -> Drawing:
    def drawing(x, values, layout) -> Tuple[str, Draw]:
        v = values[name]
        longest = np.quantile(np.linalg.norm(v, axis=-1), 0.999)
        scale = _LONGEST_ARROW * _height(x) / longest if longest else 1

        def draw(ax: Axes, t: int) -> None:
            draw_skeletons(ax, x[:, t], layout, FAINT, dots=0)
            arrows = _visible(x[:, t], scale * v[:, t])
            draw_arrows(ax, *arrows, color=color)

        return f'{unit}× {scale:.2g}', draw

    return drawing


def _rotation_axis(x, values, layout) -> Tuple[str, Draw]:
    r = values['rotation_axis'] * _HALF_AXIS * _height(x)
    hinges = _hinges(x, layout)

    def draw(ax: Axes, t: int) -> None:
        draw_skeletons(ax, x[:, t], layout, FAINT, dots=0)
        at, axis = _visible(hinges[:, t], r[:, t])
        segments = np.stack((at - axis, at + axis), axis=1)
        draw_segments(ax, segments, colors=PURPLE, linewidths=1.6)
        draw_dots(ax, at, s=6, color=PURPLE)

    return 'a line through each hinge', draw


def _angular_velocity(x, values, layout) -> Tuple[str, Draw]:
    omega = values['angular_velocity']
    # omega points along the axis while the angle between the bones grows
    bending = (omega * values['rotation_axis']).sum(-1)  # (M, T, V)
    fastest = np.quantile(abs(bending), 0.999) or 1
    hinges = _hinges(x, layout)

    def draw(ax: Axes, t: int) -> None:
        draw_skeletons(ax, x[:, t], layout, FAINT, dots=0)
        at, speed = _visible(hinges[:, t], bending[:, t, :, None] / fastest)
        for sign, color in ((1, ORANGE), (-1, BLUE)):
            chosen = sign * speed[:, 0] > 0
            area = _LARGEST_DISC * abs(speed[chosen, 0])
            draw_dots(ax, at[chosen], s=area, color=color, alpha=0.75)

    return 'orange bends, blue straightens', draw


DRAWINGS: Dict[str, Drawing] = dict(
    joint=_joint,
    motion=_arrows('motion', ORANGE),
    bone=_bone,
    acceleration=_arrows('acceleration', GREEN),
    rotation_axis=_rotation_axis,
    angular_velocity=_angular_velocity,
)


def _height(x: np.ndarray) -> float:
    return np.nanmax(x[..., 1]) - np.nanmin(x[..., 1])


def _hinges(x: np.ndarray, layout: SkeletonLayout) -> np.ndarray:
    """Where to draw hinge i: on bone i, near the parent, since several bones
    turn about one joint."""
    parent = x[:, :, list(layout.parents)]
    return parent + 0.3 * (x - parent)


def _visible(
    at: np.ndarray, values: np.ndarray
) -> Tuple[np.ndarray, np.ndarray]:
    """Rows of persons that are present and of values that are not 0, of shape
    (num, 3) and (num, C)."""
    at, values = at.reshape(-1, 3), values.reshape(-1, values.shape[-1])
    chosen = ~np.isnan(at).any(1) & values.any(1)
    return at[chosen], values[chosen]
