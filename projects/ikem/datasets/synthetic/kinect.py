"""A make-believe Kinect v2: where it stands, how it errs, what it writes."""

from typing import Optional, Tuple

import numpy as np
from scipy.spatial.transform import Rotation

# Standard deviations of the tremble in metres at 3.5 m: hands with finger
# tips and thumbs, and feet, are harder to find.
_TREMBLE = np.full((25, 1), 0.006)
_TREMBLE[[6, 7, 10, 11, 21, 22, 23, 24]] = 0.01
_TREMBLE[[14, 15, 18, 19]] = 0.008
# Focal length and centre in pixels of the depth and the colour image.
_IMAGES = ((366.0, (256.0, 212.0)), (1060.0, (960.0, 540.0)))
_FIRST_BODY_ID = 72057594037931101  # 17 digits, as a Kinect gives them
# One format of a whole body is much faster than one of each line. Orientations
# are 0, as a Kinect gives those of finger tips; all joints are tracked: 2.
_JOINT = ' '.join(['%.5f'] * 3 + ['%.2f'] * 4 + ['0 0 0 0 2'])
_BODY = '\n'.join(['{} 0 1 1 1 1 0 0 0 2', '25'] + [_JOINT] * 25)


def write_skeleton(
    path,
    joints: np.ndarray,
    present: Optional[np.ndarray] = None,
    newline: str = '\n',
) -> None:
    """Write a clip as the text of NTU RGB+D.

    Args:
        path (str | PathLike): File to write.
        joints (np.ndarray): Joints in camera coordinates of shape
            (M, T, 25, 3), in metres, z > 0.
        present (np.ndarray, optional): Whether a body is listed in a frame,
            of shape (M, T). Defaults to always.
        newline (str): End of line, ``'\\n'`` or ``'\\r\\n'``.
    """
    if present is None:
        present = np.ones(joints.shape[:2], bool)
    flat = joints[..., :2] / joints[..., 2:]  # the image's x is to the right
    pixels = [center - focal * flat for focal, center in _IMAGES]
    columns = np.concatenate((joints, *pixels), axis=-1)  # (M, T, V, 7)
    lines = [str(joints.shape[1])]
    for t in range(joints.shape[1]):
        bodies = np.flatnonzero(present[:, t])
        lines.append(str(len(bodies)))
        for m in bodies:
            values = tuple(columns[m, t].ravel().tolist())
            lines.append(_BODY.format(_FIRST_BODY_ID + m) % values)
    with open(path, 'w', encoding='ascii', newline=newline) as file:
        file.write('\n'.join(lines) + '\n')


def to_camera(joints: np.ndarray, camera: Tuple) -> np.ndarray:
    """Transform joints from the room to a camera that looks at its middle.

    Args:
        joints (np.ndarray): Joints (..., 3) in metres, the floor at y = 0. Of
            a camera x is to its left, y up and z away from it.
        camera (tuple): Angle around the middle in degrees (0 looks along z),
            distance and height in metres.
    """
    yaw, distance, height = camera
    above = height - 1  # it aims 1 m above the floor
    angles = (-np.arctan2(above, distance), np.radians(yaw))
    turn = Rotation.from_euler('XY', angles).as_matrix()
    return (joints - (0, 1, 0)) @ turn.T + (0, 0, np.hypot(distance, above))


def observe(
    joints: np.ndarray, rng: np.random.Generator
) -> Tuple[np.ndarray, np.ndarray]:
    """Add the errors of the tracker to joints (M, T, V, 3) of a camera.

    Returns:
        tuple[np.ndarray, np.ndarray]: Joints in the order in which bodies
        were found, and whether a body is listed in a frame, (M, T). Frames
        are dropped in 0.15 of the clips; 0.15 of those of two persons have a
        third body, a ghost.
    """
    joints = _add_noise(joints[rng.permutation(len(joints))], rng)
    frames = np.arange(joints.shape[1])
    present = np.ones(joints.shape[:2], bool)
    if rng.random() < 0.15:
        start = rng.integers(len(frames))
        present[:, start : start + rng.integers(1, 5)] = False
    if len(joints) == 2 and rng.random() < 0.15:
        # The tracker makes up a body from something in the room.
        start = rng.integers(len(frames))
        place = joints[:1, start, None] + rng.uniform((-1, 0, 0.4), (1, 0, 1))
        ghost = rng.normal(place, 0.04, joints[:1].shape)
        seen = (frames >= start) & (frames < start + rng.integers(4, 20))
        joints = np.concatenate((joints, ghost))
        present = np.concatenate((present, present[:1] & seen))
    return joints, present


def _add_noise(joints: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    num_persons, num_frames, num_joints, _ = joints.shape
    # Depth noise grows with the distance; what the body hides is guessed.
    distance = joints[..., 2:]
    hidden = (distance - distance[:, :, 20, None]).clip(0, 0.3)
    spread = _TREMBLE * (distance / 3.5) ** 2 * (1 + 2 * hidden)
    # The fitted body is off by more than it trembles, and drifts.
    shape = (num_persons, 1, num_joints, 3)
    frames = np.arange(num_frames)[:, None, None]
    turns = rng.uniform(0.003, 0.023, shape) * frames + rng.random(shape)
    drift = np.sin(2 * np.pi * turns) + 1.5 * rng.standard_normal(shape)
    noisy = joints + spread * (rng.standard_normal(joints.shape) + 2 * drift)
    for _ in range(rng.poisson(num_persons * num_frames / 30)):
        person, start, joint = rng.integers(joints.shape[:3])
        frames = slice(start, start + rng.integers(1, 6))
        noisy[person, frames, joint] += rng.normal(0, 0.12, 3)
    return noisy
