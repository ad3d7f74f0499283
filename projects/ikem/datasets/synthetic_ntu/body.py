"""A kinematic human body with the 25 joints of NTU RGB+D.

The body's own axes are x to its left, y up and z forward, in metres. A pose
is a dict of channels over time rather than joint angles: hands and feet are
given by where they are and the elbows and knees follow (two-bone inverse
kinematics), which keeps bones rigid and feet on the floor.
"""

from typing import Dict

import numpy as np

NUM_JOINTS = 25

# Segment lengths in metres of a person 1.70 m tall.
_SEGMENTS = dict(
    lower_spine=0.28,
    upper_spine=0.24,
    neck=0.08,
    head=0.13,
    half_shoulders=0.18,
    upper_arm=0.28,
    forearm=0.25,
    hand=0.08,
    fingers=0.08,
    thumb=0.05,
    half_hips=0.085,
    thigh=0.42,
    shank=0.40,
    foot=0.13,
    ankle_height=0.08,
)
_REFERENCE_HEIGHT = 1.70

# Elbows point outward, down and back, knees forward and a little outward
# (outward, up, forward).
_ELBOW_POLE = np.array((0.6, -0.8, -0.35))
_KNEE_POLE = np.array((0.12, 0.0, 1.0))

# Every channel of a pose, and the pose of a person who stands at ease. Hands:
# wrist from the shoulder in the chest's axes, in arm lengths. Feet: ankle
# from its place on the floor, in leg lengths. Both as (outward, up, forward),
# so that left and right read alike.
REST_POSE: Dict[str, np.ndarray] = dict(
    travel=np.zeros(3),  # whole body, (left, up, forward), in leg lengths
    sway=np.zeros(3),  # pelvis while the feet stay, same axes and unit
    yaw=np.zeros(1),  # radians, turning left is positive
    twist=np.zeros(1),  # of the chest against the pelvis, left is positive
    lean=np.zeros(1),  # of the trunk, forward is positive
    tilt=np.zeros(1),  # of the trunk, towards the right is positive
    nod=np.zeros(1),  # of the head, down is positive
    right_hand=np.array((0.12, -0.95, 0.08)),
    left_hand=np.array((0.12, -0.95, 0.08)),
    right_foot=np.zeros(3),
    left_foot=np.zeros(3),
)

Pose = Dict[str, np.ndarray]


def sample_body(rng: np.random.Generator) -> Dict[str, float]:
    """Draw the segment lengths of a person.

    Args:
        rng (np.random.Generator): Source of randomness.

    Returns:
        dict[str, float]: Length of each segment in metres.
    """
    scale = np.clip(rng.normal(1.70, 0.09), 1.5, 1.95) / _REFERENCE_HEIGHT
    return {
        name: length * scale * rng.uniform(0.92, 1.08)
        for name, length in _SEGMENTS.items()
    }


def mirror_pose(pose: Pose) -> Pose:
    """Swap left and right.

    Args:
        pose (dict[str, np.ndarray]): Channels of a pose.

    Returns:
        dict[str, np.ndarray]: The pose as seen in a mirror.
    """
    mirrored = dict(pose)
    for part in ('hand', 'foot'):
        mirrored[f'left_{part}'] = pose[f'right_{part}']
        mirrored[f'right_{part}'] = pose[f'left_{part}']
    for name in ('travel', 'sway'):
        mirrored[name] = pose[name] * (-1, 1, 1)
    for name in ('yaw', 'twist', 'tilt'):
        mirrored[name] = -pose[name]
    return mirrored


def rotation(axis: int, angle: np.ndarray) -> np.ndarray:
    """Rotation matrices about a coordinate axis.

    Args:
        axis (int): 0, 1 or 2 for x, y or z.
        angle (np.ndarray): Angles in radians of shape (...).

    Returns:
        np.ndarray: Matrices for column vectors, of shape (..., 3, 3).
    """
    i, j = (axis + 1) % 3, (axis + 2) % 3
    matrix = np.zeros(np.shape(angle) + (3, 3))
    matrix[..., axis, axis] = 1
    matrix[..., i, i] = matrix[..., j, j] = np.cos(angle)
    matrix[..., i, j] = -np.sin(angle)
    matrix[..., j, i] = np.sin(angle)
    return matrix


def _apply(matrix: np.ndarray, vector: np.ndarray) -> np.ndarray:
    """Rotate vectors of shape (3,) or (T, 3) by (T, 3, 3)."""
    return (matrix @ np.asarray(vector)[..., None])[..., 0]


def _unit(vector: np.ndarray) -> np.ndarray:
    return vector / np.linalg.norm(vector, axis=-1, keepdims=True)


def _two_bones(
    start: np.ndarray,
    goal: np.ndarray,
    upper: float,
    lower: float,
    pole: np.ndarray,
) -> tuple:
    """Bend a limb so that its end is at the goal, or as near as it reaches.

    Args:
        start (np.ndarray): Shoulder or hip, (T, 3).
        goal (np.ndarray): Where the wrist or ankle should be, (T, 3).
        upper (float): Length of the upper bone.
        lower (float): Length of the lower bone.
        pole (np.ndarray): Direction the limb bends towards, (T, 3).

    Returns:
        tuple[np.ndarray]: Middle and end joint, each (T, 3).
    """
    direction = _unit(goal - start)
    reach = np.linalg.norm(goal - start, axis=-1, keepdims=True)
    reach = np.clip(
        reach, 1.1 * abs(upper - lower) + 0.1 * upper, 0.995 * (upper + lower)
    )
    along = (upper**2 - lower**2 + reach**2) / (2 * reach)
    across = np.sqrt(np.maximum(upper**2 - along**2, 0))
    bend = pole - (pole * direction).sum(-1, keepdims=True) * direction
    middle = start + along * direction + across * _unit(bend)
    return middle, start + reach * direction


def forward_kinematics(body: Dict[str, float], pose: Pose) -> np.ndarray:
    """Joints of a body in a sequence of poses.

    Args:
        body (dict[str, float]): Segment lengths, see :func:`sample_body`.
        pose (dict[str, np.ndarray]): All channels of ``REST_POSE``, each of
            shape (T, 3) or (T, 1).

    Returns:
        np.ndarray: Joints in metres of shape (T, V, 3), the NTU joints in
        their order. At rest the body stands on the floor y = 0 at x = z = 0
        and faces z.
    """
    yaw, twist, lean, tilt, nod = (
        pose[name][:, 0] for name in ('yaw', 'twist', 'lean', 'tilt', 'nod')
    )
    ground = rotation(1, yaw)
    # The pelvis takes part in a bend of the trunk, hence the hips' share.
    pelvis = ground @ rotation(0, 0.4 * lean) @ rotation(2, 0.4 * tilt)
    chest = rotation(1, yaw + twist) @ rotation(0, lean) @ rotation(2, tilt)
    head = chest @ rotation(0, nod)

    leg = body['thigh'] + body['shank']
    arm = body['upper_arm'] + body['forearm']
    floor = leg * pose['travel']
    height = 0.97 * leg + body['ankle_height']
    joints = np.empty((len(yaw), NUM_JOINTS + 1, 3))  # entry 0 is left over
    joints[:, 1] = floor + (0, height, 0) + _apply(ground, leg * pose['sway'])
    joints[:, 2] = joints[:, 1] + _apply(pelvis, (0, body['lower_spine'], 0))
    joints[:, 21] = joints[:, 2] + _apply(chest, (0, body['upper_spine'], 0))
    joints[:, 3] = joints[:, 21] + _apply(chest, (0, body['neck'], 0.01))
    joints[:, 4] = joints[:, 3] + _apply(head, (0, body['head'], 0.03))

    # First joint of the limb and of the finger tips; side +1 is the left.
    for name, side, first_arm, first_leg, tip in (
        ('left', 1, 5, 13, 22),
        ('right', -1, 9, 17, 24),
    ):
        outward = np.array((side, 1, 1))
        shoulder = joints[:, 21] + _apply(
            chest, (side * body['half_shoulders'], -0.04, 0)
        )
        elbow, wrist = _two_bones(
            shoulder,
            shoulder + _apply(chest, arm * outward * pose[f'{name}_hand']),
            body['upper_arm'],
            body['forearm'],
            _apply(chest, outward * _ELBOW_POLE),
        )
        pointing = _unit(wrist - elbow)
        # The thumb is on the upper side of the hand, towards the other arm.
        thumb = _unit(pointing + _apply(chest, outward * (-0.6, 0.5, 0.4)))
        hand = wrist + body['hand'] * pointing
        joints[:, first_arm : first_arm + 4] = np.stack(
            (shoulder, elbow, wrist, hand), axis=1
        )
        joints[:, tip] = hand + body['fingers'] * pointing
        joints[:, tip + 1] = hand + body['thumb'] * thumb

        hip = joints[:, 1] + _apply(
            pelvis, (side * body['half_hips'], -0.03, 0)
        )
        stance = np.array(
            (side * 1.2 * body['half_hips'], body['ankle_height'], 0)
        )
        knee, ankle = _two_bones(
            hip,
            floor
            + _apply(ground, stance + leg * outward * pose[f'{name}_foot']),
            body['thigh'],
            body['shank'],
            _apply(ground, outward * _KNEE_POLE),
        )
        toes = _apply(ground, _unit(outward * np.array((0.25, -0.4, 1))))
        joints[:, first_leg : first_leg + 4] = np.stack(
            (hip, knee, ankle, ankle + body['foot'] * toes), axis=1
        )
    return joints[:, 1:]
