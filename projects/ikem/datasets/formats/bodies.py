"""Which bodies of a clip to keep, and which of its frames count."""

from typing import Dict, List, Tuple

import numpy as np

MAX_PERSONS = 2


def motion_energy(joints: np.ndarray) -> float:
    """Motion energy of one body, as the toolbox's NTU tools rank bodies.

    The standard deviation of all its coordinates, summed over x, y and z.

    Args:
        joints (np.ndarray): Joints in the frames in which the body is
            present, (T, V, C).
    """
    return float(joints.std((0, 1), dtype=np.float64).sum())


def left_out(num_present: int, num_persons: int) -> Dict[str, int]:
    """Persons of a clip that are not kept, in the words of the summary."""
    lost = max(0, num_present - num_persons)
    what = f'persons left out, of more than {num_persons} those who move least'
    return {what: lost} if lost else {}


def select_by_order(
    num_frames: int,
    frames: np.ndarray,
    slots: np.ndarray,
    joints: np.ndarray,
    num_persons: int,
) -> np.ndarray:
    """Keep the first bodies of each frame; slot m is the m-th one listed.

    Args:
        num_frames (int): T.
        frames (np.ndarray): Frame of each of the B bodies, (B, ).
        slots (np.ndarray): Position of each body in its frame, (B, ).
        joints (np.ndarray): Joints of each body, (B, V, C).
        num_persons (int): M.

    Returns:
        np.ndarray: Keypoint of shape (M, T, V, C), float32.
    """
    keypoint = np.zeros(
        (num_persons, num_frames, *joints.shape[1:]), np.float32
    )
    kept = slots < num_persons
    keypoint[slots[kept], frames[kept]] = joints[kept]
    return keypoint


def select_by_energy(
    num_frames: int,
    frames: np.ndarray,
    ids: List[bytes],
    joints: np.ndarray,
    num_persons: int,
) -> np.ndarray:
    """Track bodies by id over the clip and keep the most energetic ones.

    Args:
        num_frames (int): T.
        frames (np.ndarray): Frame of each of the B bodies, (B, ).
        ids (list[bytes]): Id of each body, B of them.
        joints (np.ndarray): Joints of each body, (B, V, C).
        num_persons (int): M.

    Returns:
        np.ndarray: Keypoint of shape (M, T, V, C), float32, one track a slot,
        the most energetic one first.
    """
    tracks = {}
    for body, name in enumerate(ids):
        tracks.setdefault(name, []).append(body)
    # sorted is stable: of equal tracks the one that appears first wins
    ranked = sorted(
        tracks.values(), key=lambda track: -motion_energy(joints[track])
    )
    keypoint = np.zeros(
        (num_persons, num_frames, *joints.shape[1:]), np.float32
    )
    for slot, track in enumerate(ranked[:num_persons]):
        keypoint[slot, frames[track]] = joints[track]
    return keypoint


def select_persons(keypoint: np.ndarray, num_persons: int) -> np.ndarray:
    """Keep as many persons, those that move most if there are more.

    Args:
        keypoint (np.ndarray): Joints of shape (M', T, V, C), zero where a
            person is absent.
        num_persons (int): M.

    Returns:
        np.ndarray: Joints of shape (M, T, V, C), float32; of no more than M
        persons in their order, absent ones last.
    """
    present = [m for m, x in enumerate(keypoint) if x.any()]
    if len(present) > num_persons:
        # sort is stable: of persons that move alike the first one wins;
        # weighted by presence, or a ghost of two frames moves most
        present.sort(key=lambda m: -_energy_over_time(keypoint[m]))
    kept = np.zeros((num_persons, *keypoint.shape[1:]), np.float32)
    for slot, m in enumerate(present[:num_persons]):
        kept[slot] = keypoint[m]
    return kept


def _energy_over_time(x: np.ndarray) -> float:
    shown = x.any(axis=(1, 2))
    return motion_energy(x[shown]) * float(shown.mean())


def present_frames_first(
    keypoint: np.ndarray, of_first: bool = False
) -> Tuple[np.ndarray, int]:
    """Move the frames in which somebody is present to the front.

    Only leading frames are resampled, so a clip in which persons appear late,
    or pause, must not have gaps before them.

    Args:
        keypoint (np.ndarray): Joints of shape (M, T, V, C).
        of_first (bool): Whether the frames of the first person alone count,
            as in the toolbox's ``PreNormalize3D``. Defaults to False.

    Returns:
        tuple[np.ndarray, int]: The joints, (M, T, V, C), zero behind the
        frames moved to the front, and the number of these.
    """
    present = keypoint[: 1 if of_first else None].any(axis=(0, 2, 3))
    length = int(present.sum())
    packed = np.zeros_like(keypoint)
    packed[:, :length] = keypoint[:, present]
    return packed, length


def pack_persons(
    keypoint: np.ndarray, num_persons: int
) -> Tuple[np.ndarray, int]:
    """:func:`select_persons`, then :func:`present_frames_first` of them."""
    return present_frames_first(select_persons(keypoint, num_persons))


def zero_where_absent(keypoint: np.ndarray) -> np.ndarray:
    """A person of whom a frame has no joint, all NaN, is absent there: zero.

    Args:
        keypoint (np.ndarray): Joints of shape (M, T, V, C), float32.
    """
    nobody = np.isnan(keypoint).all(axis=(2, 3), keepdims=True)
    return np.where(nobody, np.float32(0), keypoint)
