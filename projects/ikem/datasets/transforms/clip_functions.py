"""What the random transforms do to a clip, given their draws.

Pure functions of a clip x of shape (M, T, V, C), or of any leading dimensions
in place of M; none changes x.
"""

from typing import Optional, Sequence

import numpy as np

from projects.ikem.skeletons import SkeletonLayout


def linear(x: np.ndarray, matrix: np.ndarray) -> np.ndarray:
    """``x' = R x`` of each joint as a column, R of shape (C, C)."""
    c = x.shape[-1]
    # as one product, which is faster than one a frame
    product = x.reshape(-1, c) @ matrix.T.astype(x.dtype)
    return product.reshape(x.shape)


def rotate(x: np.ndarray, degrees: Sequence[float]) -> np.ndarray:
    """Rotate about x, then y, then z, ``x' = Rz Ry Rx x``.

    Args:
        x (np.ndarray): Clip with three coordinates.
        degrees (sequence[float]): Angles about x, y and z, in degrees;
            clockwise, seen from the tip of the axis, as in AimCLR.
    """
    angles = np.radians(degrees)
    (cx, cy, cz), (sx, sy, sz) = np.cos(angles), np.sin(angles)
    Rx = np.array([[1, 0, 0], [0, cx, sx], [0, -sx, cx]])
    Ry = np.array([[cy, 0, -sy], [0, 1, 0], [sy, 0, cy]])
    Rz = np.array([[cz, sz, 0], [-sz, cz, 0], [0, 0, 1]])
    return linear(x, Rz @ Ry @ Rx)


def flip_joints(
    x: np.ndarray, mirror: Sequence[int], axis: Optional[int] = None
) -> np.ndarray:
    """Let each joint change places with its mirror joint.

    Args:
        x (np.ndarray): Clip.
        mirror (sequence[int]): Joint of the other side for each joint.
        axis (int, optional): The coordinate from left to right, which is
            negated. Defaults to None, joints change places alone.
    """
    x = x[..., list(mirror), :]  # a copy
    if axis is not None:
        x[..., axis] *= -1
    return x


def _gaussian(k: np.ndarray, sigma: float) -> np.ndarray:
    return np.exp(-(k**2) / (2 * sigma**2))


def gaussian_filter(
    x: np.ndarray, sigma: float, radius: int = 7, normalised: bool = False
) -> np.ndarray:
    """``x'_t = sum_k w_k x_{t+k}``, ``w_k = exp(-k^2 / (2 sigma^2))``.

    Args:
        x (np.ndarray): Clip; frames outside of it count as zero.
        sigma (float): Standard deviation in frames.
        radius (int): k goes from -radius to radius. Defaults to 7.
        normalised (bool): Whether the weights are divided by their sum. They
            are not in AimCLR: a clip grows by up to 5 at sigma 2. Defaults
            to False.
    """
    t = np.arange(x.shape[-3])
    k = t - t[:, None]  # from frame t, down, to frame t + k, across
    W = _gaussian(k, sigma) * (np.abs(k) <= radius)
    if normalised:
        W /= _gaussian(np.arange(-radius, radius + 1), sigma).sum()
    flat = x.reshape(*x.shape[:-2], -1)  # (M, T, V * C)
    return (W.astype(x.dtype) @ flat).reshape(x.shape)


def mask_axis(x: np.ndarray, axis: int) -> np.ndarray:
    """Set one coordinate to 0."""
    x = x.copy()
    x[..., axis] = 0
    return x


def resize_frames(x: np.ndarray, num_frames: int) -> np.ndarray:
    """Resample all T frames to another number by linear interpolation.

    Frame i of n reads frame ``(i + 0.5) T / n - 0.5``, clamped at both ends.
    """
    length = x.shape[-3]
    t = (np.arange(num_frames) + 0.5) * length / num_frames - 0.5
    t = t.clip(0, length - 1)
    before = np.floor(t).astype(int)
    after = np.minimum(before + 1, length - 1)
    weight = (t - before).astype(x.dtype)[:, None, None]
    return x[..., before, :, :] * (1 - weight) + x[..., after, :, :] * weight


def change_speed(x: np.ndarray, length: int) -> np.ndarray:
    """Resample the T frames to ``length`` and keep T of them; a shorter clip
    ends in frames of zeros."""
    y = np.zeros_like(x)
    kept = min(length, x.shape[-3])
    y[..., :kept, :, :] = resize_frames(x, length)[..., :kept, :, :]
    return y


def rescale_bones(
    x: np.ndarray, scale: np.ndarray, layout: SkeletonLayout
) -> np.ndarray:
    """Multiply each bone by a number, from the root outwards.

    ``x'_root = x_root``, ``x'_v = x'_parent(v) + scale_v b_v`` with the bones
    ``b_v = x_v - x_parent(v)`` of the clip as it comes.

    Args:
        x (np.ndarray): Clip.
        scale (np.ndarray): Factor of the bone that ends in each joint, (V, );
            the root's is not used.
        layout (SkeletonLayout): Its bones.
    """
    b = x - x[..., list(layout.parents), :]
    b *= scale.astype(x.dtype)[:, None]
    y = x.copy()
    for v in layout.root_first:
        y[..., v, :] = y[..., layout.parents[v], :] + b[..., v, :]
    return y
