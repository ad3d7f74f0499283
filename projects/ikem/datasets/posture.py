"""Whether raw joints are what a layout and the method take them for.

The chain of preprocessing turns persons about y, takes metres and reads joints
by their numbers; data that are otherwise train without an error.
"""

from typing import List, NamedTuple, Optional, Sequence

import numpy as np
from scipy.sparse.csgraph import minimum_spanning_tree

from projects.ikem.skeletons import SkeletonLayout

from .formats import FormatError

MAX_FRAMES = 32  # of a clip that are looked at
UPRIGHT = 0.5  # cosine to y from which a person stands upright
STEADY = 0.5  # length of the mean direction of a clip that has one
# of NW-UCLA 1.2, 0.07 and 0.06, with 5 % noise 1.1, 0.1 and 0.24
LONG_BONES, UNLIKE_SIDES, CHANGE = 1.45, 0.3, 0.4
HEIGHTS = (0.3, 4.0)  # metres


class Posture(NamedTuple):
    """What the first person of a clip looks like.

    Attributes:
        up (tuple[float]): Mean direction from the middle of the joints to the
            shoulders, which is up where people stand or sit.
        upright (float): Share of the frames in which it is along y.
        bones (float): Length of all bones by that of the shortest tree
            through the joints; about 1.2 if joints are in the layout's order.
        sides (float): Median difference of a left and a right bone by their
            mean, 0 without a mirror in the layout.
        change (float): Median by which the length of a bone differs from
            frame to frame, as a share of it; 0.06 for a Kinect.
        height (float): Median size of the person along its largest axis.
        flat (bool): Whether a coordinate is the same for all joints.
    """

    up: tuple
    upright: float
    bones: float
    sides: float
    change: float
    height: float
    flat: bool


def measure(keypoint: np.ndarray, layout: SkeletonLayout) -> Optional[Posture]:
    """Measure the first person of a clip.

    Args:
        keypoint (np.ndarray): Joints of shape (M, T, V, 3).
        layout (SkeletonLayout): Their layout.

    Returns:
        Posture | None: None where the joints do not differ.
    """
    x = keypoint[0][keypoint[0].any(axis=(1, 2))].astype(np.float64)
    x = x[:: -(-len(x) // MAX_FRAMES) or 1]
    if not len(x) or not np.ptp(x, axis=1).any():
        return None
    up = x[:, list(layout.shoulders)].mean(1) - x.mean(1)
    up /= np.maximum(np.linalg.norm(up, axis=1, keepdims=True), 1e-12)
    lengths = np.linalg.norm(x - x[:, list(layout.parents)], axis=-1)
    distances = np.linalg.norm(x[:, :, None] - x[:, None], axis=-1)
    distances = np.median(distances, axis=0)
    bones = distances[range(layout.num_joints), layout.parents]
    # joints that coincide are neighbours as well, which a 0 would not be
    tree = minimum_spanning_tree(np.triu(distances + 1e-9, 1)).sum()
    return Posture(
        tuple(up.mean(0).tolist()),
        float((up[:, 1] > UPRIGHT).mean()),
        float(bones.sum() / max(tree, 1e-6)),
        _difference_of_sides(bones, layout),
        float(
            np.median(np.abs(lengths - bones)[:, bones > 0] / bones[bones > 0])
        )
        if bones.any()
        else 0.0,
        float(np.median(np.ptp(x, axis=1).max(1))),
        bool((np.ptp(x, axis=(0, 1)) == 0).any()),
    )


def check_upright(postures: Sequence[Posture], path) -> None:
    """Check that people are upright along y in most frames.

    Raises:
        FormatError: If not; it says which axis seems to point upwards.
    """
    steady = [p for p in postures if np.linalg.norm(p.up) >= STEADY]
    if 2 * len(steady) < len(postures) or not steady:
        return  # tumblers, or no bodies
    share = np.mean([p.upright for p in steady])
    if share >= 0.5:
        return
    mean = np.mean([p.up for p in steady], axis=0)
    axis = int(np.abs(mean).argmax())
    up = ('' if mean[axis] > 0 else '-') + 'xyz'[axis]
    remedy = f'--up={up} if it is {up} that points upwards'
    if abs(mean[axis]) < UPRIGHT or up == 'y':
        remedy = '--up=z, for instance, if another axis points upwards'
    raise FormatError(
        path,
        f'in {share:.0%} of the frames alone are the shoulders above the '
        'middle of the joints; y is taken to point upwards. Give '
        f'{remedy}, --up=y if people do lie, or look at the order of the '
        'joints',
    )


def doubts(postures: Sequence[Posture], layout: SkeletonLayout) -> List[str]:
    """What looks wrong about joints, a line each, with the numbers.

    Args:
        postures (sequence[Posture]): Those of the clips.
        layout (SkeletonLayout): Their layout.
    """
    if not postures:
        return []
    lines = doubt_of_order(postures, layout)
    height = _median(postures, 'height')
    if not HEIGHTS[0] <= height <= HEIGHTS[1]:
        lines.append(
            f'people are {height:.4g} tall, in pixels, millimetres or another '
            'unit than metres? --scale FACTOR makes metres of it'
        )
    lying = sum(
        p.upright < 0.5 and np.linalg.norm(p.up) >= STEADY for p in postures
    )
    if lying >= 0.1 * len(postures):
        lines.append(
            f'in {lying} of {len(postures)} clips people are not upright '
            'along y: do they lie, or does another axis point upwards there?'
        )
    heights = np.array([p.height for p in postures])
    other = (heights > 10 * height) | (heights < height / 10)
    if other.any():
        lines.append(
            f'in {other.sum()} of {len(postures)} clips people are ten times '
            'as tall or as small as in most: is their unit another one?'
        )
    flat = sum(p.flat for p in postures)
    if flat:
        lines.append(
            f'{flat} of {len(postures)} clips are flat, a coordinate is the '
            'same for all joints: rotation axes and angular velocities of '
            'them say nothing'
        )
    return lines


def doubt_of_order(
    postures: Sequence[Posture], layout: SkeletonLayout
) -> List[str]:
    """A line if the joints seem to be in another order than the layout's."""
    bones, sides, change = (
        _median(postures, key) for key in ('bones', 'sides', 'change')
    )
    if bones <= LONG_BONES and sides <= UNLIKE_SIDES and change <= CHANGE:
        return []
    return [
        'the joints may be in another order than that of layout '
        f'{layout.name!r}: its bones are {bones:.2f} times as long as the '
        'shortest tree through the joints (right is about 1.2), left and '
        f'right ones differ by {sides:.0%}, and they change by {change:.0%} '
        'over time'
    ]


def _median(postures: Sequence[Posture], key: str) -> float:
    values = [getattr(posture, key) for posture in postures]
    return float(np.median(values)) if values else 0.0


def _difference_of_sides(bones: np.ndarray, layout: SkeletonLayout) -> float:
    if layout.mirror is None:
        return 0.0
    of_side = np.arange(len(bones)) != layout.mirror
    left, right = bones[of_side], bones[list(layout.mirror)][of_side]
    return float(
        np.median(2 * np.abs(left - right) / np.maximum(left + right, 1e-12))
    )
