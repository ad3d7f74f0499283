"""A make-believe Kinect v2: where it stands and how it errs."""

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from .body import rotation

FRAMES_PER_SECOND = 30

# Kinect's tracking states of joints.
INFERRED, TRACKED = 1, 2

# Joints that the tracker finds harder than the others (0-based): hands with
# their finger tips and thumbs, then ankles and feet.
_HANDS = [6, 7, 10, 11, 21, 22, 23, 24]
_FEET = [14, 15, 18, 19]
_SPINE_SHOULDER = 20

# Standard deviations of the tremble in metres at 3.5 m, and how much larger
# the errors are that drift.
_TREMBLE, _HANDS_TREMBLE, _FEET_TREMBLE = 0.006, 0.014, 0.01
_DRIFT = 2.0


class Camera(NamedTuple):
    """Place of a camera that looks at the middle of the room.

    Args:
        yaw (float): Around the middle, in degrees; 0 looks along z.
        distance (float): From the middle of the room, in metres.
        height (float): Above the floor, in metres.
    """

    yaw: float
    distance: float
    height: float


@dataclass
class Recording:
    """What one camera sees.

    Args:
        joints (np.ndarray): Bodies in file order, in metres, of shape
            (M, T, V, 3): x to the camera's left, y up, z away from it. A
            third body is a ghost.
        present (np.ndarray): Whether a body is listed in a frame, (M, T).
        tracking (np.ndarray): Tracking states of the joints, (M, T, V).
    """

    joints: np.ndarray
    present: np.ndarray
    tracking: np.ndarray

    @property
    def num_frames(self) -> int:
        """int: T."""
        return self.joints.shape[1]

    @property
    def num_persons(self) -> int:
        """int: Number of persons, 1 or 2, without a ghost."""
        return min(len(self.joints), 2)

    @property
    def num_dropped(self) -> int:
        """int: Number of frames without any body."""
        return int((~self.present.any(0)).sum())

    @property
    def has_ghost(self) -> bool:
        """bool: Whether a third body appears in some frame."""
        return bool(self.present[2:].any())


def to_camera(joints: np.ndarray, camera: Camera) -> np.ndarray:
    """Transform joints from the room to the coordinates of a camera.

    Args:
        joints (np.ndarray): Joints in the room of shape (..., 3), in metres,
            the floor at y = 0.
        camera (Camera): Where the camera stands.

    Returns:
        np.ndarray: Joints of shape (..., 3): x to the camera's left, y up, z
        away from it.
    """
    aim = np.array((0.0, 1.0, 0.0))
    above = camera.height - aim[1]
    pitch = np.arctan2(above, camera.distance)
    turned = (joints - aim) @ rotation(1, np.radians(camera.yaw)).T
    return turned @ rotation(0, -pitch).T + (
        0,
        0,
        np.hypot(camera.distance, above),
    )


def observe(joints: np.ndarray, rng: np.random.Generator) -> Recording:
    """Add the errors of the tracker.

    Args:
        joints (np.ndarray): True joints in camera coordinates of shape
            (M, T, V, 3), M = 1 or 2.
        rng (np.random.Generator): Source of randomness.

    Returns:
        Recording: The bodies in the order in which they were found, with
        noise, joints that jump, dropped frames and now and then a third body.
    """
    joints = joints[rng.permutation(len(joints))]
    num_frames = joints.shape[1]
    noisy, tracking = _track(joints, rng)
    present = np.ones(joints.shape[:2], dtype=bool)
    if rng.random() < 0.15:
        start = rng.integers(num_frames)
        present[:, start : start + rng.integers(1, 5)] = False
    recording = Recording(noisy, present, tracking)
    if len(joints) == 2 and rng.random() < 0.15:
        recording = _add_ghost(recording, rng)
    return recording


def _track(joints: np.ndarray, rng: np.random.Generator) -> tuple:
    """Noise and jumps: joints (M, T, V, 3) and tracking states (M, T, V)."""
    num_persons, num_frames, num_joints, _ = joints.shape
    sigma = np.full((num_joints, 1), _TREMBLE)
    sigma[_HANDS] = _HANDS_TREMBLE
    sigma[_FEET] = _FEET_TREMBLE
    # Depth noise grows with the distance; what the body hides is guessed.
    distance = joints[..., 2:]
    hidden = (distance - distance[:, :, _SPINE_SHOULDER, None]).clip(0)
    spread = sigma * (distance / 3.5) ** 2 * (1 + 2 * hidden)  # (M, T, V, 1)
    # The fitted body is off by more than it trembles.
    seconds = np.arange(num_frames)[:, None, None] / FRAMES_PER_SECOND
    shape = (num_persons, 1, num_joints, 3)
    drift = rng.standard_normal(shape) + np.sin(
        2
        * np.pi
        * (rng.uniform(0.1, 0.7, shape) * seconds + rng.random(shape))
    )
    noisy = joints + spread * (
        rng.standard_normal(joints.shape) + _DRIFT * drift
    )
    tracking = np.where(hidden[..., 0] > 0.25, INFERRED, TRACKED)

    num_jumps = rng.poisson(num_persons * num_frames / 30)
    for _ in range(num_jumps):
        person, start = rng.integers(num_persons), rng.integers(num_frames)
        frames = slice(start, start + rng.integers(1, 6))
        joint = rng.integers(num_joints)
        noisy[person, frames, joint] += rng.normal(0, 0.12, 3)
        tracking[person, frames, joint] = INFERRED
    return noisy, tracking


def _add_ghost(recording: Recording, rng: np.random.Generator) -> Recording:
    """Append a body that the tracker makes up from something in the room."""
    num_frames, num_joints = recording.joints.shape[1:3]
    start = rng.integers(num_frames)
    stop = min(num_frames, start + rng.integers(4, 20))
    offset = np.array((rng.uniform(-1.2, 1.2), 0, rng.uniform(0.4, 1.0)))
    ghost = recording.joints[0, start] + offset
    shaking = rng.normal(0, 0.04, (1, num_frames, num_joints, 3))
    present = np.zeros((1, num_frames), dtype=bool)
    present[:, start:stop] = recording.present[0, start:stop]
    return Recording(
        np.concatenate((recording.joints, ghost + shaking)),
        np.concatenate((recording.present, present)),
        np.concatenate(
            (
                recording.tracking,
                np.full_like(recording.tracking[:1], INFERRED),
            )
        ),
    )
