"""Persons with bodies and habits, who act each in an own way."""

from typing import Sequence

import numpy as np
from scipy.interpolate import PchipInterpolator
from scipy.spatial.transform import Rotation

from projects.ikem.skeletons import get_layout

from .actions import Action, pose

_PARENTS = get_layout('ntu-25').parents
_MIRROR = list(get_layout('ntu-25').mirror)
FRAMES_PER_SECOND = 30
MARGIN = 2.3  # seconds at rest before and after an action
_UPPER = dict(trunk=(0, 1, 0.04), head=(0, 1, 0.2), shoulders=(1, -0.2, 0))
_LOWER = dict(hips=(1, -0.3, 0), legs=(0.08, -1, 0), feet=(0.25, -0.4, 1))
STANCE = pose(arms=((0.15, -1, 0), (0.05, -1, 0.2)), **_UPPER, **_LOWER)
# Where an arm may be meanwhile: hand on the hip, or the belly.
_ON_HIP = pose(arms=((0.6, -0.8, -0.2), (-0.6, -0.6, 0.4)))
_ON_BELLY = pose(arms=((0.2, -1, 0), (-0.8, -0.1, 0.6)))
# How much the directions of a person at rest differ from clip to clip.
_SPREAD = pose(trunk=(0.12, 0, 0.16), head=0.2, arms=0.12, legs=(0.1, 0, 0.1))
_SPREAD, STANCE = np.abs(np.nan_to_num(_SPREAD)), np.nan_to_num(STANCE)
_ARM, _LEG = (0.18, 0.28, 0.25, 0.08), (0.09, 0.42, 0.4, 0.13)
# Of the bone that ends in each joint, in metres.
LENGTHS = np.array(
    (0.28, 0.24, 0.08, 0.13, *_ARM, *_ARM, *_LEG, *_LEG, 0, *[0.08, 0.05] * 2)
)


def perform(
    action: Action, subjects: Sequence[tuple], rng: np.random.Generator
) -> np.ndarray:
    """Act out an action: joints (M, T, V, 3) in metres, the floor at y = 0.

    Args:
        action (Action): What to do, near x = z = 0; one person faces -z.
        subjects (sequence[tuple]): Seeds of the persons, whose bodies and
            habits depend on them alone; two in an interaction.
        rng (np.random.Generator): Source of what differs from clip to clip.
    """
    persons = [np.random.default_rng(subject) for subject in subjects]
    speed = persons[0].uniform(0.85, 1.2) * rng.uniform(0.8, 1.25)
    left_handed = rng.random() < persons[0].random()  # at times
    phase, level = _timing(action, speed, rng)
    roles = zip(persons, (action.keys, action.partner))
    joints = np.stack([_act(*role, phase, level, rng) for role in roles])
    if left_handed:
        joints = joints[:, :, _MIRROR] * (-1, 1, 1)
    facing = 180 + rng.normal(0, 15)
    if len(joints) == 2:
        # Face to face; cameras see them from the side.
        joints = (joints - (0, 0, 0.5)) * [[[[1, 1, 1]]], [[[-1, 1, -1]]]]
        facing += rng.choice((-60, 60))
    turn = Rotation.from_euler('Y', facing, degrees=True).as_matrix()
    return joints @ turn.T + rng.normal(0, 0.2, 3) * (1, 0, 1)


def _timing(action: Action, speed: float, rng: np.random.Generator) -> tuple:
    """Phase of an action (T, ), and how much of it shows (T, 1, 1)."""
    repeats = rng.uniform(*action.repeats)
    active = repeats * action.seconds / speed
    frames = np.arange(int(FRAMES_PER_SECOND * (active + 2 * MARGIN)))
    seconds = frames / FRAMES_PER_SECOND - MARGIN
    if action.repeats[1] == 1:
        # The middle comes early or late.
        phase = (seconds / active).clip(0, 1) ** np.exp(rng.normal(0, 0.25))
        return phase * (1 - 1 / len(action.keys)), 1  # to the last key
    phase = rng.random() + repeats * seconds / active
    # Nobody keeps time, and nobody starts or stops at once.
    phase += 0.03 * np.sin(2 * np.pi * (0.7 * phase + rng.random()))
    ramp = np.minimum(seconds, active - seconds) / 0.35 + 0.5
    level = 0.5 - 0.5 * np.cos(np.pi * ramp.clip(0, 1))
    return phase % 1, level[:, None, None]


def _act(person, keys, phase, level, rng) -> np.ndarray:
    """Joints (T, V, 3) of a person who stands at 0 and faces z."""
    scale = person.uniform(0.92, 1.08, 25) * person.uniform(0.9, 1.12)
    lengths = LENGTHS * (scale + scale[_MIRROR]) / 2
    size = person.uniform(0.8, 1.1) * rng.uniform(0.9, 1.1)
    rest = 0.5 * person.standard_normal((25, 3)) + rng.standard_normal((25, 3))
    rest = np.tile(STANCE + _SPREAD * rest, (len(phase), 1, 1))
    frames = np.arange(len(phase))[:, None, None]
    style = np.tile(np.eye(3), (25, 1, 1))
    for arm in ([5, 6], [9, 10]):
        # Everybody has an own idea of where the hands go.
        style[arm] += rng.normal(0, 0.18, (3, 3))
        if rng.random() < 0.7:
            # The arm rests elsewhere for a while; it takes 12 frames.
            start, stop = np.sort(rng.uniform(-0.5, 1.5, 2)) * len(phase)
            there = np.minimum(frames - start, stop - frames) / 12
            place = (_ON_HIP, _ON_BELLY)[rng.integers(2)][arm]
            rest[:, arm] += there.clip(0, 1) * (place - rest[:, arm])
    change = pose_at(keys, phase, rest.mean(0)) - rest
    change = (change[:, :, None] @ style)[:, :, 0] * ~np.isnan(keys).all(0)
    poses = rest + level * size * change
    for _ in range(3):  # nobody stands still
        turns = rng.uniform(0.1, 0.8, (25, 3)) * frames / FRAMES_PER_SECOND
        waves = np.sin(2 * np.pi * (turns + rng.random((25, 3))))
        poses += 0.5 * _SPREAD * rng.standard_normal((25, 3)) * waves
    return forward_kinematics(lengths, poses)


def pose_at(keys: np.ndarray, phase: np.ndarray, rest: np.ndarray):
    """Poses (T, 25, 3) between key poses (K, 25, 3), NaN as at rest (25, 3).

    Key k is at phase k / K, (T, ); at phase 1 the first one comes again.
    """
    times = np.arange(-len(keys), 2 * len(keys)) / len(keys)
    keys = np.tile(np.where(np.isnan(keys), rest, keys), (3, 1, 1))
    # Monotone between keys, so that nothing overshoots a key pose.
    return PchipInterpolator(times, keys)(phase)


def forward_kinematics(lengths: np.ndarray, poses: np.ndarray) -> np.ndarray:
    """Joints (T, V, 3) of bones of lengths (25, ) in metres and of poses.

    Poses are directions (T, 25, 3) of any length; hands follow the forearms.
    The lower ankle is at y = 0, the pelvis at x = z = 0.
    """
    bones = _unit(poses)
    bones[:, [7, 21, 22]] = bones[:, [6]]
    bones[:, [11, 23, 24]] = bones[:, [10]]
    bones[:, [22, 24]] += (0, 0.7, 0.4)  # thumbs are on the upper side
    bones = lengths[:, None] * _unit(bones)
    joints = np.zeros_like(bones)
    for joint in (1, 0, *range(2, 20), *range(21, 25)):
        joints[:, joint] = joints[:, _PARENTS[joint]] + bones[:, joint]
    origin = joints[:, :1] * (1, 0, 1)
    origin[..., 1] = joints[:, [14, 18], 1].min(1, keepdims=True)
    return joints - origin


def _unit(vectors: np.ndarray) -> np.ndarray:
    length = np.linalg.norm(vectors, axis=-1, keepdims=True)
    return vectors / np.maximum(length, 1e-9)
