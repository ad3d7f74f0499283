"""Counts of frames: those of the recording and those of the clip."""

from typing import Dict, TypeVar

Number = TypeVar('Number')


def time_scale(raw_frames: Number, num_frames: int) -> Number:
    """gamma, by which the modalities divide differences in time.

    Args:
        raw_frames (int | Tensor): T_raw, frames of the recording.
        num_frames (int): T, frames of the clip.

    Returns:
        float | Tensor: Raw frames per frame of the clip.
    """
    return raw_frames / num_frames


def frame_counts(raw_frames: int, num_frames: int) -> Dict:
    """The fields of a result dict that count frames.

    Args:
        raw_frames (int): T_raw, frames of the recording.
        num_frames (int): T, frames of ``keypoint``.

    Returns:
        dict: raw_frames, num_frames, time_scale (gamma), and total_frames,
        the name that the toolbox's transforms have for num_frames.
    """
    return dict(
        raw_frames=raw_frames,
        num_frames=num_frames,
        total_frames=num_frames,
        time_scale=time_scale(raw_frames, num_frames),
    )
