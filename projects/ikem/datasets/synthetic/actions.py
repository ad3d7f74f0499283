"""The actions, as key poses of a right-handed person.

A pose holds directions of rigid bones: x to the body's left, y up, z forward.
Some actions are others played backwards, told apart by their motion alone.
"""

from typing import Dict, NamedTuple, Sequence, Tuple

import numpy as np

# The upper and lower bone of each part, by the joints at their ends.
_PARTS = dict(trunk=(1, 0), head=(2, 3), arms=((9, 10), (5, 6)))
_PARTS.update(right_arm=(9, 10), left_arm=(5, 6), shoulders=(8, 4))
_PARTS.update(right_leg=(17, 18), left_leg=(13, 14), feet=(19, 15))
_PARTS.update(legs=((17, 18), (13, 14)), hips=(16, 12))
# Of directions (outward, up, forward); the bones of the trunk lead down.
_SIGNS = np.ones((25, 3))
_SIGNS[[8, 9, 10, 16, 17, 18, 19], 0] = -1
_SIGNS[[0, 1]] = -1


def pose(**parts) -> np.ndarray:
    """Directions (25, 3) of the bones of a right-handed person.

    Args:
        **parts: Direction (outward, up, forward), in any length, of a part's
            bones, or of the upper and the lower one; NaN of parts at rest.
    """
    directions = np.full((25, 3), np.nan)
    for name, value in parts.items():
        directions[list(_PARTS[name])] = value
    return directions * _SIGNS


class Action(NamedTuple):
    """One action; one that is repeated starts at any phase."""

    seconds: float  # of a repetition
    keys: Sequence[np.ndarray]  # poses (25, 3) at equal intervals
    repeats: Tuple[float, float] = (1, 1)  # range of their number
    partner: Sequence[np.ndarray] = ()  # poses of who faces the first person


_REST, _STAND = pose(), pose(legs=(0.05, -1, 0))
_SIP = pose(right_arm=((0.4, -0.4, 0.8), (-0.65, 0.75, -0.1)), head=(0, 1, -1))
_STRIDE = dict(left_leg=((0, -1, 0.5), (0, -1, 0)))
_BEHIND = ((0.9, 0.3, -0.3), (0.2, 0.9, -0.5))
_WIND_UP = pose(right_arm=_BEHIND, left_arm=(0.1, 0.1, 1), trunk=(0, 1, -0.25))
_RELEASE = pose(right_arm=((0.2, 1, 0.4), (0, 0.8, 0.7)), **_STRIDE)
_ACROSS = ((-0.4, -0.5, 0.8), (-0.5, -0.8, 0.5))
_FOLLOW = pose(right_arm=_ACROSS, trunk=(0, 1, 0.6), **_STRIDE)
_APART = pose(arms=(1, 0.1, 0.3))
_TOGETHER = pose(arms=((0.3, -0.3, 0.9), (-0.9, 0, 0.5)))
_WAVE_OUT = pose(right_arm=((0.9, 0.4, 0.1), (0.8, 0.7, 0)))
_WAVE_IN = pose(right_arm=((0.9, 0.5, 0.1), (-0.8, 0.7, 0)))
_FIST, _JAB = ((0.3, -0.8, 0.5), (-0.3, 0.95, 0.2)), (-0.25, 0.05, 1)
_RIGHT_JAB = pose(right_arm=_JAB, left_arm=_FIST)
_LEFT_JAB, _GUARD = pose(left_arm=_JAB, right_arm=_FIST), pose(arms=_FIST)
_SWING = pose(right_leg=((0, -1, -0.5), (0, -0.6, -0.9)))
_KICK = pose(right_leg=(0.1, 0.4, 1), arms=(0.9, -0.4, 0), trunk=(0, 1, -0.2))
_KNEE = ((0, 0.1, 1), (0, -1, 0))
_FRONT = ((0.1, -0.8, 0.6), (0, 0.5, 0.9))
_BACK = ((0.1, -0.9, -0.6), (0, -0.9, 0.3))
_RIGHT_STEP = pose(right_leg=_KNEE, left_arm=_FRONT, right_arm=_BACK)
_LEFT_STEP = pose(left_leg=_KNEE, right_arm=_FRONT, left_arm=_BACK)
_CLOSED = pose(arms=(0.12, -1, 0), legs=(0, -1, 0))
_SPREAD = pose(arms=(0.35, 1, 0), legs=(0.5, -1, 0))
_BENT = ((0.4, -0.2, 1), (0, -1, -0.4))
_SQUAT = pose(legs=_BENT, arms=(0, 0.05, 1), trunk=(0, 1, 0.5))
_CIRCLE = (
    pose(arms=(-0.35, -0.8, 0.4)),
    pose(arms=(-0.45, 0.35, 0.8)),
    pose(arms=(0.1, 1, 0.15)),
    pose(arms=(1, 0.15, 0)),
    pose(arms=(0.5, -0.85, 0.1)),
)
_WIPE = (
    pose(right_arm=((0, -0.9, 0.5), (-0.5, -0.2, 0.9))),
    pose(right_arm=((0.1, 0, 0.9), (-0.6, 0.9, 0.3))),
    pose(right_arm=((0.9, 0.3, 0.5), (0.3, 0.9, 0.3))),
    pose(right_arm=((0.7, -0.7, 0.3), (0.7, -0.2, 0.6))),
)
_CROUCH = pose(legs=((0.1, -0.7, 0.7), (0, -1, -0.35)), trunk=(0, 1, 0.7))
_LAP = ((0.1, -0.9, 0.4), (-0.1, -0.3, 1))
_SEAT = pose(legs=((0.15, -0.05, 1), (0, -1, 0)), arms=_LAP)
_SIT = (_REST, _CROUCH, _SEAT, _SEAT)
_UP = pose(right_arm=((0, -0.7, 0.7), (-0.1, 0.3, 1)), trunk=(0, 1, 0.2))
_DOWN = pose(right_arm=((0, -0.9, 0.4), (-0.1, -0.6, 0.8)), trunk=(0, 1, 0.2))
_HANDSHAKE = (_REST, _UP, _DOWN, _UP, _DOWN, _UP, _DOWN, _UP, _REST)
_READY = pose(arms=((0.3, -0.8, -0.3), (-0.2, 0.5, 0.9)))
_SHOVE = pose(arms=(-0.05, 0.1, 1), trunk=(0, 1, 0.5), **_STRIDE)
_THROWN = ((0.9, 0.3, 0.3), (0.5, 0.9, 0.3))
_REEL = pose(arms=_THROWN, trunk=(0, 1, -0.5), right_leg=(0, -1, -0.6))
_PUSH = (_REST, _READY, _SHOVE, _SHOVE, _REST)

ACTIONS: Dict[str, Action] = {
    'drink': Action(2.4, (_REST, _SIP, _SIP, _REST)),
    'throw': Action(1.8, (_REST, _WIND_UP, _RELEASE, _FOLLOW, _REST)),
    'clap': Action(0.8, (_APART, _TOGETHER), (3, 5)),
    'wave': Action(0.8, (_WAVE_OUT, _WAVE_IN), (2, 4)),
    'box': Action(1.0, (_RIGHT_JAB, _GUARD, _LEFT_JAB, _GUARD), (2, 3.5)),
    'kick': Action(1.6, (_STAND, _SWING, _KICK, _STAND), (1.8, 2.8)),
    'march': Action(1.1, (_RIGHT_STEP, _STAND, _LEFT_STEP, _STAND), (2, 3.5)),
    'jumping jack': Action(1.0, (_CLOSED, _SPREAD), (2, 4)),
    'squat': Action(1.7, (_STAND, _SQUAT), (1.3, 2.5)),
    'circle arms outward': Action(2.0, _CIRCLE, (1.3, 2.2)),
    'circle arms inward': Action(2.0, _CIRCLE[::-1], (1.3, 2.2)),
    'sit down': Action(1.8, _SIT),
    'stand up': Action(1.8, _SIT[::-1]),
    'wipe outward': Action(1.6, _WIPE, (1.3, 2.5)),
    'wipe inward': Action(1.6, _WIPE[::-1], (1.3, 2.5)),
    'handshake': Action(2.4, _HANDSHAKE, partner=_HANDSHAKE),
    'push': Action(2, _PUSH, partner=(_REST, _REST, _REEL, _REEL, _REST)),
}
