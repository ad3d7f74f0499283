"""Joints as a few bytes, for a page that draws them."""

import base64
from typing import Any, Dict, List, NamedTuple

import numpy as np

from projects.ikem.datasets.transforms import ResampleFrames
from projects.ikem.skeletons import SkeletonLayout
from projects.ikem.visualization.skeletons import (
    bones,
    find_look,
    limits,
    place,
)

_ABSENT, _LEVELS = 255, 254  # of a byte: no person, and steps of a coordinate


class Moving(NamedTuple):
    """Clips with joints in bytes.

    Args:
        code (np.ndarray): Bytes of all clips in a row, of each an array of
            shape (persons, T, V, 3); 255 where a person is absent.
        persons (list[int]): Persons of each clip that are there at all.
        num_frames (int): T.
        low (np.ndarray): Least coordinates of each clip, (N, 3), in metres.
        step (np.ndarray): Metres of a step of each clip, (N, ).
    """

    code: np.ndarray
    persons: List[int]
    num_frames: int
    low: np.ndarray
    step: np.ndarray

    def as_json(self) -> Dict[str, Any]:
        """What the page reads."""
        return dict(
            code=base64.b64encode(self.code.tobytes()).decode(),
            persons=self.persons,
            frames=self.num_frames,
            low=self.low.round(4).tolist(),
            step=self.step.round(7).tolist(),
        )


def quantise(
    keypoint: np.ndarray, max_bytes: int = 3_100_000, max_frames: int = 25
) -> Moving:
    """Write each coordinate as a byte, with a step that the clip's size asks
    for: 8 mm for two metres.

    Args:
        keypoint (np.ndarray): Joints of shape (N, M, T, V, 3), zero where a
            person is absent. Persons are put beside each other.
        max_bytes (int): Of all; more clips have less frames, but two.
            Defaults to 3.1 million, 4.1 as text.
        max_frames (int): Frames of a clip at most. Defaults to 25.

    Raises:
        ValueError: If a clip shows nobody.
    """
    present = keypoint.any(axis=(2, 3, 4))  # (N, M)
    total, joints = keypoint.shape[2:4]
    fit = max_bytes // (max(int(present.sum()), 1) * joints * 3)
    frames = int(min(total, max_frames, max(fit, 2)))
    code, low, step = [], [], []
    for clip, there in zip(keypoint, present):
        x = place(_resample(clip[there], frames))
        box = limits(x, margin=0)
        low.append(box[0])
        step.append(max(float(np.ptp(box, axis=0).max()), 1e-6) / _LEVELS)
        # NaN, an absent person, is no number of a byte
        level = np.nan_to_num((x - low[-1]) / step[-1], nan=_ABSENT)
        code.append(level.round().clip(0, _ABSENT).astype(np.uint8).ravel())
    persons = present.sum(1).tolist()
    return Moving(
        np.concatenate(code), persons, frames, np.array(low), np.array(step)
    )


def _resample(clip: np.ndarray, frames: int) -> np.ndarray:
    total = clip.shape[1]
    if frames == total:
        return clip
    data = dict(keypoint=clip, raw_frames=total, length=total)
    return ResampleFrames(frames).transform(data)['keypoint']


def drawn_layout(
    layout: SkeletonLayout, keypoint: np.ndarray
) -> Dict[str, Any]:
    """What a drawing of a skeleton needs.

    Args:
        layout (SkeletonLayout): The layout.
        keypoint (np.ndarray): Joints of some clips, (N, M, T, V, 3).

    Returns:
        dict: ``bones``, pairs of joints; ``side`` of each joint, 0 in the
        middle, 1 left, 2 right; ``head``, a joint.
    """
    first = keypoint[:, 0].astype(float)  # of the persons
    first[~first.any(axis=(2, 3))] = np.nan
    sides, head = find_look(layout, first)
    return dict(bones=bones(layout), side=sides, head=head)
