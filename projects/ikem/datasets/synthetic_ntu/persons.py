"""Persons with habits, who act out motions each in an own way."""

from typing import Dict, NamedTuple, Optional

import numpy as np

from .actions import Keys, Motion, pose_at
from .body import (
    REST_POSE,
    Pose,
    forward_kinematics,
    mirror_pose,
    rotation,
    sample_body,
)
from .sensor import FRAMES_PER_SECOND

# Spread of a person's posture from clip to clip, and of the slow movements
# of somebody alive within a clip; units as in ``REST_POSE``.
_POSTURE_SPREAD = dict(
    sway=np.array((0.04, 0.01, 0.04)),
    twist=0.15,
    lean=0.16,
    tilt=0.11,
    nod=0.2,
    right_hand=0.06,
    left_hand=0.06,
    right_foot=0.11,
    left_foot=0.11,
)
_FIDGET_SPREAD = dict(
    sway=np.array((0.03, 0.01, 0.03)),
    twist=0.1,
    lean=0.06,
    tilt=0.04,
    nod=0.15,
    right_hand=0.05,
    left_hand=0.05,
)

# Where a hand rests that has nothing to do: hip, belly, back and chin.
_RESTING_PLACES = np.array(
    (
        (0.25, -0.6, 0.0),
        (-0.2, -0.6, 0.35),
        (-0.1, -0.7, -0.2),
        (-0.2, 0.2, 0.35),
    )
)
_HANDS = ('right_hand', 'left_hand')


class Person(NamedTuple):
    """A body, and habits that all clips of the person share.

    Args:
        body (dict[str, float]): Segment lengths in metres.
        speed (float): Relative to the seconds of a motion.
        size (float): Of movements, relative to the key frames.
        left_handed (bool): Whether the left side does the work.
        posture (dict[str, np.ndarray]): Pose at rest, (1 or 3, ) a channel.
    """

    body: Dict[str, float]
    speed: float
    size: float
    left_handed: bool
    posture: Pose


class Timing(NamedTuple):
    """Course of a motion in the frames of a clip.

    Args:
        phase (np.ndarray): Phase of the motion of shape (T, ).
        level (np.ndarray): How much of the motion shows, from 0 (at rest) to
            1, of shape (T, 1).
    """

    phase: np.ndarray
    level: np.ndarray


def sample_person(rng: np.random.Generator) -> Person:
    """Draw a person.

    Args:
        rng (np.random.Generator): Source of randomness.
    """
    offsets = dict(
        lean=rng.normal(0.04, 0.05, 1),
        nod=rng.normal(0.05, 0.1, 1),
        tilt=rng.normal(0, 0.03, 1),
        right_hand=rng.normal((0, 0.05, 0.03), 0.05),
        left_hand=rng.normal((0, 0.05, 0.03), 0.05),
        right_foot=np.array((rng.uniform(0, 0.1), 0, 0)),
        left_foot=np.array((rng.uniform(0, 0.1), 0, rng.normal(0, 0.05))),
    )
    return Person(
        sample_body(rng),
        speed=rng.uniform(0.8, 1.25),
        size=rng.uniform(0.88, 1.1),
        left_handed=rng.random() < 0.3,
        posture={
            name: value + offsets.get(name, 0)
            for name, value in REST_POSE.items()
        },
    )


def perform(
    motion: Motion,
    actor: Person,
    partner: Optional[Person],
    min_frames: int,
    max_frames: int,
    margin: float,
    rng: np.random.Generator,
) -> np.ndarray:
    """Act out a motion.

    Args:
        motion (Motion): What to do.
        actor (Person): Who does it.
        partner (Person | None): The second person of an interaction.
        min_frames (int): The performance is this long at least ...
        max_frames (int): ... and at most.
        margin (float): Seconds at rest before and after, at least.
        rng (np.random.Generator): Source of randomness.

    Returns:
        np.ndarray: Joints in metres of shape (M, T, V, 3), y up from the
        floor at 0; M is 2 with a partner. Somebody who is alone faces -z, a
        pair -x or x, all of them roughly, near x = z = 0.
    """
    timing = _sample_timing(
        motion,
        actor.speed * rng.uniform(0.75, 1.3),
        min_frames,
        max_frames,
        margin,
        rng,
    )
    # Nobody is consistent about the hand to use.
    mirrored = actor.left_handed != (rng.random() < 0.1)
    joints = _act(motion.keys, motion.periodic, actor, timing, mirrored, rng)[
        None
    ]
    facing = np.pi + np.radians(rng.normal(0, 15))
    if partner is not None:
        opposite = _act(
            motion.partner, motion.periodic, partner, timing, mirrored, rng
        )
        arms = sum(
            person.body['upper_arm'] + person.body['forearm']
            for person in (actor, partner)
        )
        middle = np.array((0, 0, motion.distance * arms / 2))
        joints = np.stack(
            (joints[0] - middle, opposite * (-1, 1, -1) + middle)
        )
        # Cameras see a pair from the side, from the left or the right.
        facing += rng.choice((-1, 1)) * np.radians(60)
    place = rng.normal(0, 0.2, 3) * (1, 0, 1)
    return joints @ rotation(1, facing).T + place


def _sample_timing(
    motion: Motion,
    speed: float,
    min_frames: int,
    max_frames: int,
    margin: float,
    rng: np.random.Generator,
) -> Timing:
    start = rng.random() if motion.periodic else 0.0
    repeats = rng.uniform(*motion.repeats)
    active = repeats * motion.seconds / speed
    lead_in, lead_out = margin + rng.uniform(0, 0.15, 2)
    # Now and then somebody stands around for long, before or after.
    room = max_frames / FRAMES_PER_SECOND - lead_in - active - lead_out
    idle = min(rng.exponential(3.0), room) if rng.random() < 0.04 else 0.0
    num_frames = int(FRAMES_PER_SECOND * (lead_in + active + lead_out + idle))
    lead_in += idle * rng.integers(2)
    num_frames = min(max(num_frames, min_frames), max_frames)

    seconds = np.arange(num_frames) / FRAMES_PER_SECOND - lead_in
    progress = seconds / active
    if not motion.periodic:
        # The middle comes early or late.
        progress = progress.clip(0, 1) ** np.exp(rng.normal(0, 0.15))
        return Timing(progress, np.ones((num_frames, 1)))
    phase = start + repeats * progress
    # Nobody keeps time, and nobody starts or stops at once.
    phase += 0.03 * np.sin(2 * np.pi * (0.7 * phase + rng.random()))
    ramp = np.minimum(seconds, active - seconds) / 0.35 + 0.5
    level = 0.5 - 0.5 * np.cos(np.pi * ramp.clip(0, 1))
    return Timing(phase, level[:, None])


def _act(
    keys: Dict[str, Keys],
    periodic: bool,
    person: Person,
    timing: Timing,
    mirrored: bool,
    rng: np.random.Generator,
) -> np.ndarray:
    """Joints (T, V, 3) of a person who stands at 0 and faces z."""
    rest = _sample_rest(person, len(timing.phase), rng)
    target = pose_at(keys, timing.phase, periodic, rest)
    size = person.size * rng.uniform(0.9, 1.1)
    pose = dict(rest)
    for name in keys:
        change = target[name] - rest[name]
        if name in _HANDS:
            # Everybody has an own idea of where the hands go.
            change = change @ (np.eye(3) + rng.normal(0, 0.12, (3, 3)))
        # Half a turn stays half a turn, in whatever style.
        scale = 1.0 if name == 'yaw' else size
        pose[name] = rest[name] + timing.level * scale * change
    for name, wave in _sample_fidgets(len(timing.phase), rng).items():
        pose[name] = pose[name] + wave
    return forward_kinematics(
        person.body, mirror_pose(pose) if mirrored else pose
    )


def _sample_rest(
    person: Person, num_frames: int, rng: np.random.Generator
) -> Pose:
    """Pose, (T, 1 or 3) a channel, of a person who does nothing special."""
    rest = {
        name: np.tile(
            value
            + rng.normal(0, 1, value.shape) * _POSTURE_SPREAD.get(name, 0),
            (num_frames, 1),
        )
        for name, value in person.posture.items()
    }
    frames = np.arange(num_frames)[:, None]
    for name in _HANDS:
        if rng.random() < 0.6:
            # The hand goes somewhere else for a while; it takes 12 frames.
            place = _RESTING_PLACES[rng.integers(len(_RESTING_PLACES))]
            start, stop = np.sort(rng.uniform(-0.5, 1.5, 2)) * num_frames
            there = np.minimum(frames - start, stop - frames) / 12
            rest[name] += there.clip(0, 1) * (place - rest[name])
    return rest


def _sample_fidgets(num_frames: int, rng: np.random.Generator) -> Pose:
    """Slow waves, (T, 1 or 3) a channel, to add to a pose."""
    seconds = np.arange(num_frames)[:, None, None] / FRAMES_PER_SECOND
    fidgets = {}
    for name, spread in _FIDGET_SPREAD.items():
        shape = (3, REST_POSE[name].size)  # three waves a coordinate
        turns = rng.uniform(0.1, 0.8, shape) * seconds + rng.random(shape)
        waves = np.sin(2 * np.pi * turns) * rng.normal(0, 1, shape)
        fidgets[name] = spread * waves.sum(1)
    return fidgets
