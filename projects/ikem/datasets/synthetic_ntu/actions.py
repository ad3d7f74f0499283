"""Made-up actions as key frames of the pose channels of a body.

Written for a right-handed person: the right hand and foot do the work. A
phase runs from 0 to 1 over one repetition. Some actions are others played
backwards: the same poses, told apart only by how the body moves through
them.
"""

from dataclasses import dataclass, replace
from typing import Dict, Optional, Tuple

import numpy as np
from scipy.interpolate import PchipInterpolator

from .body import Pose

# (phase, value) pairs of one channel; the value None is the pose at rest.
Keys = Tuple[Tuple[float, Optional[tuple]], ...]


@dataclass(frozen=True)
class Motion:
    """One action.

    Args:
        keys (dict[str, tuple]): Key frames of each channel that moves.
        seconds (float): Duration of one repetition.
        repeats (tuple[float, float]): Range of the number of repetitions. A
            motion that is done more than once is periodic and may start at
            any phase; otherwise its keys run from phase 0 to phase 1 and the
            last one stays.
        partner (dict[str, tuple], optional): Key frames of a second person,
            who faces the first one.
        distance (float): Between the two, in arm lengths of each.
    """

    keys: Dict[str, Keys]
    seconds: float
    repeats: Tuple[float, float] = (1, 1)
    partner: Optional[Dict[str, Keys]] = None
    distance: float = 0.0

    @property
    def periodic(self) -> bool:
        """bool: Whether the motion is repeated from any phase."""
        return self.repeats[1] > 1


def backwards(motion: Motion) -> Motion:
    """The same motion with time reversed."""
    keys = {
        name: tuple((1 - phase, value) for phase, value in reversed(channel))
        for name, channel in motion.keys.items()
    }
    return replace(motion, keys=keys)


def pose_at(
    keys: Dict[str, Keys], phase: np.ndarray, periodic: bool, rest: Pose
) -> Pose:
    """Interpolate key frames.

    Args:
        keys (dict[str, tuple]): Key frames of the channels that move.
        phase (np.ndarray): Phase of each frame of shape (T, ).
        periodic (bool): Repeat the keys, or hold the first and last one.
        rest (dict[str, np.ndarray]): Pose at rest of shape (T, 1 or 3) per
            channel. Channels without keys stay there.

    Returns:
        dict[str, np.ndarray]: Channels of shape (T, 1 or 3).
    """
    pose = dict(rest)
    phase = phase % 1 if periodic else phase.clip(0, 1)
    for name, channel in keys.items():
        times = np.array([time for time, _ in channel])
        at_rest = rest[name].mean(0)
        values = np.array(
            [at_rest if value is None else value for _, value in channel],
            dtype=float,
        )
        if periodic:
            # Keys at 0 and 1 are the same instant; one of them is enough.
            times, first = np.unique(times % 1, return_index=True)
            values = np.tile(values[first], (3, 1))
            times = np.concatenate((times - 1, times, times + 1))
        # Monotone between keys, so that nothing overshoots a key pose.
        pose[name] = PchipInterpolator(times, values)(phase)
    return pose


def _circle(outward: float) -> Keys:
    """A straight arm that circles forward: up, front, down, back."""
    turns = np.arange(12) / 12
    return tuple(
        (
            turn,
            (
                outward,
                0.92 * np.cos(2 * np.pi * turn),
                0.92 * np.sin(2 * np.pi * turn),
            ),
        )
        for turn in turns
    )


def _angles(*keys: Tuple[float, float]) -> Keys:
    return tuple((phase, (value,)) for phase, value in keys)


_GUARD = (-0.05, -0.2, 0.4)
_WAIST = (0.0, -0.5, 0.45)
_MOUTH = (-0.28, 0.3, 0.35)
_REACH = (-0.25, -0.35, 0.72)

_PUNCH = Motion(
    dict(
        right_hand=(
            (0, _GUARD),
            (0.16, (-0.25, 0.05, 0.95)),
            (0.3, (-0.25, 0.02, 0.93)),
            (1, _GUARD),
        ),
        left_hand=((0, _GUARD), (0.2, (-0.1, -0.1, 0.3)), (1, _GUARD)),
        twist=_angles((0, -0.1), (0.16, 0.5), (0.3, 0.45), (1, -0.1)),
        left_foot=((0, (0, 0, 0.15)),),
        lean=_angles((0, 0.05), (0.16, 0.2), (0.3, 0.2), (1, 0.05)),
    ),
    seconds=1.1,
    repeats=(1.2, 2.6),
)
_CIRCLE_FORWARD = Motion(
    dict(right_hand=_circle(0.25), left_hand=_circle(0.25)),
    seconds=1.3,
    repeats=(1.2, 2.5),
)
# On the spot: the standing foot slides back, the other one swings forward.
_WALK = Motion(
    dict(
        right_foot=(
            (0, (0, 0, 0.25)),
            (0.5, (0, 0, -0.3)),
            (0.75, (0, 0.2, 0.05)),
        ),
        left_foot=(
            (0, (0, 0, -0.3)),
            (0.25, (0, 0.2, 0.05)),
            (0.5, (0, 0, 0.25)),
        ),
        right_hand=((0, (0.1, -0.85, -0.3)), (0.5, (0.05, -0.75, 0.45))),
        left_hand=((0, (0.05, -0.75, 0.45)), (0.5, (0.1, -0.85, -0.3))),
        twist=_angles((0, 0.1), (0.5, -0.1)),
    ),
    seconds=1.1,
    repeats=(1.5, 3),
)
_SHAKE = dict(
    right_hand=(
        (0, None),
        (0.25, _REACH),
        (0.36, (-0.25, -0.22, 0.72)),
        (0.46, (-0.25, -0.45, 0.72)),
        (0.56, (-0.25, -0.22, 0.72)),
        (0.66, (-0.25, -0.42, 0.72)),
        (0.75, _REACH),
        (1, None),
    ),
    lean=_angles((0, 0), (0.3, 0.15), (0.7, 0.15), (1, 0)),
)

MOTIONS: Dict[str, Motion] = dict(
    drink=Motion(
        dict(
            right_hand=(
                (0, None),
                (0.15, _WAIST),
                (0.4, _MOUTH),
                (0.65, (-0.25, 0.38, 0.38)),
                (0.85, _WAIST),
                (1, None),
            ),
            nod=_angles(
                (0, 0), (0.4, 0), (0.52, -0.4), (0.65, -0.4), (0.8, 0), (1, 0)
            ),
        ),
        seconds=2.2,
    ),
    throw=Motion(
        dict(
            right_hand=(
                (0, None),
                (0.35, (0.4, 0.4, -0.4)),
                (0.5, (-0.05, 0.5, 0.75)),
                (0.65, (-0.4, -0.4, 0.65)),
                (1, None),
            ),
            left_hand=(
                (0, None),
                (0.35, (0.1, 0.0, 0.7)),
                (0.6, (0.2, -0.7, -0.1)),
                (1, None),
            ),
            left_foot=(
                (0, None),
                (0.35, (0, 0.08, 0.2)),
                (0.45, (0, 0, 0.3)),
                (0.7, (0, 0, 0.3)),
                (1, None),
            ),
            twist=_angles((0, 0), (0.35, -0.6), (0.55, 0.5), (1, 0)),
            lean=_angles((0, 0), (0.35, -0.15), (0.6, 0.35), (1, 0)),
        ),
        seconds=1.8,
    ),
    clap=Motion(
        dict(
            right_hand=((0, (0.05, -0.2, 0.6)), (0.5, (-0.31, -0.2, 0.6))),
            left_hand=((0, (0.05, -0.2, 0.6)), (0.5, (-0.31, -0.2, 0.6))),
        ),
        seconds=0.55,
        repeats=(3, 5),
    ),
    wave=Motion(
        dict(right_hand=((0, (0.35, 0.5, 0.25)), (0.5, (-0.2, 0.6, 0.3)))),
        seconds=0.7,
        repeats=(2, 4),
    ),
    punch=_PUNCH,
    pull=backwards(_PUNCH),
    kick=Motion(
        dict(
            right_foot=(
                (0, None),
                (0.3, (0, 0.15, -0.35)),
                (0.5, (0, 0.5, 0.85)),
                (0.65, (0, 0.35, 0.5)),
                (1, None),
            ),
            right_hand=((0, None), (0.5, (0.4, -0.75, -0.3)), (1, None)),
            left_hand=((0, None), (0.5, (0.4, -0.6, 0.4)), (1, None)),
            sway=(
                (0, None),
                (0.3, (0.07, 0, 0)),
                (0.65, (0.07, 0, 0)),
                (1, None),
            ),
            lean=_angles((0, 0), (0.3, 0.15), (0.5, -0.25), (1, 0)),
        ),
        seconds=1.5,
    ),
    walk_forward=_WALK,
    walk_backward=backwards(_WALK),
    squat=Motion(
        dict(
            sway=((0, (0, 0, 0)), (0.5, (0, -0.5, -0.15))),
            lean=_angles((0, 0), (0.5, 0.55)),
            right_hand=((0, (0.1, -0.9, 0.15)), (0.5, (0, -0.05, 0.9))),
            left_hand=((0, (0.1, -0.9, 0.15)), (0.5, (0, -0.05, 0.9))),
        ),
        seconds=1.7,
        repeats=(1.1, 2),
    ),
    jump=Motion(
        dict(
            sway=(
                (0, (0, 0, 0)),
                (0.25, (0, -0.28, -0.08)),
                (0.4, (0, 0, 0)),
                (0.65, (0, 0, 0)),
                (0.78, (0, -0.22, -0.05)),
            ),
            travel=(
                (0, (0, 0, 0)),
                (0.38, (0, 0, 0)),
                (0.52, (0, 0.3, 0)),
                (0.66, (0, 0, 0)),
            ),
            lean=_angles((0, 0), (0.25, 0.4), (0.45, 0), (0.78, 0.25)),
            right_hand=(
                (0, (0.1, -0.9, 0.15)),
                (0.25, (0.2, -0.75, -0.4)),
                (0.48, (0.1, 0.3, 0.75)),
                (0.8, (0.2, -0.75, 0.2)),
            ),
            left_hand=(
                (0, (0.1, -0.9, 0.15)),
                (0.25, (0.2, -0.75, -0.4)),
                (0.48, (0.1, 0.3, 0.75)),
                (0.8, (0.2, -0.75, 0.2)),
            ),
        ),
        seconds=1.2,
        repeats=(1.1, 2.4),
    ),
    bow=Motion(
        dict(
            lean=_angles((0, 0), (0.4, 1.0), (0.6, 1.0), (1, 0)),
            sway=((0, None), (0.5, (0, -0.02, -0.15)), (1, None)),
            nod=_angles((0, 0), (0.4, 0.3), (0.6, 0.3), (1, 0)),
        ),
        seconds=2.0,
    ),
    circle_forward=_CIRCLE_FORWARD,
    circle_backward=backwards(_CIRCLE_FORWARD),
    turn_around=Motion(
        dict(
            yaw=_angles((0, 0), (0.5, np.pi / 2), (1, np.pi)),
            twist=_angles((0, 0), (0.2, 0.35), (0.8, 0.2), (1, 0)),
            right_foot=(
                (0, None),
                (0.15, None),
                (0.3, (0.05, 0.15, 0.2)),
                (0.45, None),
                (0.6, None),
                (0.75, (0.05, 0.12, 0.15)),
                (0.9, None),
                (1, None),
            ),
            left_foot=(
                (0, None),
                (0.12, (0.1, 0.12, 0)),
                (0.25, None),
                (0.45, None),
                (0.58, (0.1, 0.12, 0)),
                (0.7, None),
                (1, None),
            ),
        ),
        seconds=1.7,
    ),
    handshake=Motion(_SHAKE, seconds=2.4, partner=_SHAKE, distance=0.95),
    push=Motion(
        dict(
            right_hand=(
                (0, None),
                (0.25, _GUARD),
                (0.42, (-0.1, 0.0, 0.9)),
                (0.55, (-0.1, 0.0, 0.9)),
                (1, None),
            ),
            left_hand=(
                (0, None),
                (0.25, _GUARD),
                (0.42, (-0.1, 0.0, 0.9)),
                (0.55, (-0.1, 0.0, 0.9)),
                (1, None),
            ),
            lean=_angles(
                (0, 0), (0.25, -0.05), (0.42, 0.35), (0.55, 0.3), (1, 0)
            ),
            left_foot=(
                (0, None),
                (0.25, None),
                (0.42, (0, 0, 0.3)),
                (1, None),
            ),
        ),
        seconds=1.8,
        partner=dict(
            travel=(
                (0, None),
                (0.4, None),
                (0.7, (0, 0, -0.6)),
                (1, (0, 0, -0.65)),
            ),
            lean=_angles(
                (0, 0), (0.4, 0), (0.52, -0.35), (0.75, 0.15), (1, 0)
            ),
            right_hand=(
                (0, None),
                (0.4, None),
                (0.55, (0.5, -0.2, 0.5)),
                (1, None),
            ),
            left_hand=(
                (0, None),
                (0.4, None),
                (0.55, (0.5, -0.2, 0.5)),
                (1, None),
            ),
            right_foot=(
                (0, None),
                (0.42, None),
                (0.52, (0, 0.1, -0.25)),
                (0.62, None),
                (1, None),
            ),
            left_foot=(
                (0, None),
                (0.52, None),
                (0.62, (0, 0.1, -0.25)),
                (0.75, None),
                (1, None),
            ),
        ),
        distance=0.85,
    ),
)

ACTIONS: Tuple[str, ...] = tuple(MOTIONS)
INTERACTIONS: Tuple[str, ...] = tuple(
    name for name, motion in MOTIONS.items() if motion.partner
)
