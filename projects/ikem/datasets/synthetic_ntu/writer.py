"""Clips as `.skeleton` text of NTU RGB+D."""

from pathlib import Path
from typing import Optional, Union

import numpy as np

from .sensor import TRACKED

# Focal length and principal point of the depth and the colour image, pixels.
_DEPTH_IMAGE = (366.0, 256.0, 212.0)
_COLOR_IMAGE = (1060.0, 960.0, 540.0)

# Parent of each joint (0-based), whose bone a joint's orientation follows.
_PARENTS = np.array(
    (
        0,
        0,
        20,
        2,
        20,
        4,
        5,
        6,
        20,
        8,
        9,
        10,
        0,
        12,
        13,
        14,
        0,
        16,
        17,
        18,
        1,
        7,
        7,
        11,
        11,
    )
)
_SPINE_BASE, _SPINE_SHOULDER = 0, 20

# Ids as a Kinect gives them: 17 digits, more than float64 tells apart.
_FIRST_BODY_ID = 72057594037931101

_JOINT_LINE = ' '.join(['%.5f'] * 3 + ['%.2f'] * 4 + ['%.4f'] * 4 + ['%d'])


def write_skeleton(
    path: Union[str, Path],
    joints: np.ndarray,
    present: Optional[np.ndarray] = None,
    tracking: Optional[np.ndarray] = None,
    newline: str = '\n',
) -> None:
    """Write a clip as the text of NTU RGB+D.

    Args:
        path (str | Path): File to write.
        joints (np.ndarray): Joints in camera coordinates of shape
            (M, T, V, 3), in metres, z > 0.
        present (np.ndarray, optional): Whether a body is listed in a frame,
            of shape (M, T). Defaults to always.
        tracking (np.ndarray, optional): Tracking states of the joints of
            shape (M, T, V). Defaults to 2, tracked.
        newline (str): End of line, ``'\\n'`` or ``'\\r\\n'``.
    """
    num_bodies, num_frames, num_joints, _ = joints.shape
    if present is None:
        present = np.ones((num_bodies, num_frames), dtype=bool)
    if tracking is None:
        tracking = np.full(joints.shape[:3], TRACKED)

    columns = np.concatenate(
        (
            joints,
            _project(joints, *_DEPTH_IMAGE),
            _project(joints, *_COLOR_IMAGE),
            _orientations(joints),
            tracking[..., None],
        ),
        axis=-1,
    )  # (M, T, V, 12)
    # One format of a whole body is much faster than one of each line.
    body_lines = newline.join([_JOINT_LINE] * num_joints)
    spine = joints[:, :, _SPINE_SHOULDER] - joints[:, :, _SPINE_BASE]
    # Kinect reports how far a body leans, -1 to 1, to its side and forward.
    lean = np.clip(spine[..., (0, 2)] / 0.7, -1, 1)

    lines = [str(num_frames)]
    for t in range(num_frames):
        bodies = np.flatnonzero(present[:, t])
        lines.append(str(len(bodies)))
        for m in bodies:
            lines.append(
                f'{_FIRST_BODY_ID + m} 0 1 1 1 1 0 '
                f'{lean[m, t, 0]:.4f} {lean[m, t, 1]:.4f} 2'
            )
            lines.append(str(num_joints))
            lines.append(body_lines % tuple(columns[m, t].ravel().tolist()))
    text = newline.join(lines) + newline
    Path(path).write_bytes(text.encode('ascii'))


def _project(
    joints: np.ndarray, focal: float, center_x: float, center_y: float
) -> np.ndarray:
    """Pixels (..., 2) of joints (..., 3); image x runs to the right."""
    pixels = focal * joints[..., :2] / joints[..., 2:]
    return np.array((center_x, center_y)) - pixels


def _orientations(joints: np.ndarray) -> np.ndarray:
    """Quaternions (..., V, 4) that turn the y axis onto each joint's bone."""
    bones = joints - joints[..., _PARENTS, :]
    length = np.linalg.norm(bones, axis=-1, keepdims=True)
    x, y, z = np.moveaxis(bones / np.maximum(length, 1e-6), -1, 0)
    # Half-way quaternion of the shortest rotation, y cross bone = (z, 0, -x).
    quaternion = np.stack((1 + y, z, np.zeros_like(y), -x), axis=-1)
    norm = np.linalg.norm(quaternion, axis=-1, keepdims=True)
    return quaternion / np.maximum(norm, 1e-6)
