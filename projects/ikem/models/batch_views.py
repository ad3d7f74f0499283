"""Views of a clip that are drawn once for a batch, on the training device."""

import math
from typing import Tuple

import torch
from torch import Tensor

from projects.ikem.skeletons import SkeletonLayout

from .ranks import draw_per_clip, draw_together

# start of the crop, six of the shear, main axis, three angles, flip
_NUMBERS = (1, 6, 1, 3, 1)
# The order in which the entries of the shear are drawn.
_SHEAR = ((0, 1), (0, 2), (1, 0), (1, 2), (2, 0), (2, 1))


class BatchViews:
    """Augmented views: crop in time, shear, rotation, flip.

    Args:
        num_views (int): Views of a clip.
        layout (SkeletonLayout): Layout of the joints.
        ratio (int): Frames T divided by those padded at each end before the
            crop. Defaults to 6.
        shear (float): Entries of the shear are U(-shear, shear). Defaults to
            1.0.
        angle (float): Degrees of the rotation about its main axis, which is x,
            y or z, are U(0, angle). Defaults to 30.
        minor_angle (float): The same of the other axes. Defaults to 1.
        flip (float): Probability that left and right joints change places.
            Defaults to 0.5.
        per_clip (bool): Whether each clip has views of its own; else a batch
            shares what is drawn, as in the release of PSTL. Defaults to
            False.

    Raises:
        ValueError: If the ratio is below 1, or an amplitude negative.
    """

    def __init__(
        self,
        num_views: int,
        layout: SkeletonLayout,
        ratio: int = 6,
        shear: float = 1.0,
        angle: float = 30.0,
        minor_angle: float = 1.0,
        flip: float = 0.5,
        per_clip: bool = False,
    ) -> None:
        if ratio < 1 or min(shear, angle, minor_angle, flip) < 0 or flip > 1:
            raise ValueError(
                'views have a ratio of at least 1, no negative shear, angle '
                'or minor_angle, and a flip from 0 to 1, got '
                f'ratio={ratio}, shear={shear}, angle={angle}, '
                f'minor_angle={minor_angle}, flip={flip}'
            )
        self.num_views = num_views
        self.mirror = layout.require('mirror') if flip else None
        self.ratio = ratio
        self.shear = shear
        self.angles = angle, minor_angle
        self.flip = flip
        self.per_clip = per_clip

    def draw(self, num_clips: int) -> Tensor:
        """Numbers U(0, 1) of shape (1, views, 12), or (N, views, 12)."""
        size = self.num_views, sum(_NUMBERS)
        if self.per_clip:
            return draw_per_clip(num_clips, *size)
        return draw_together(1, *size)

    def __call__(self, x: Tensor, numbers: Tensor) -> Tensor:
        """Views (N, views, M, T, V, 3) of clips (N, M, T, V, 3), by numbers
        of :meth:`draw`."""
        start, shear, axis, angles, flip = numbers.split(_NUMBERS, -1)
        x = x[:, None].expand(-1, self.num_views, -1, -1, -1, -1)
        pad = x.size(3) // self.ratio
        x = crop(x, (start[..., 0] * (2 * pad + 1)).long(), pad)
        R = rotation(self.degrees(axis, angles))
        x = transform(x, R @ shear_matrix((2 * shear - 1) * self.shear).mT)
        if not self.flip:
            return x
        return mirror(x, flip[..., 0] < self.flip, self.mirror)

    def degrees(self, axis: Tensor, angles: Tensor) -> Tensor:
        """Angles about x, y and z of numbers (..., 1) and (..., 3)."""
        is_main = torch.arange(3) == (3 * axis).long()
        largest, minor = self.angles
        return angles * torch.where(is_main, largest, minor)


def crop(x: Tensor, start: Tensor, pad: int) -> Tensor:
    """Pad clips in time by their mirror image, crop them back to T frames.

    Args:
        x (Tensor): Views of shape (N, views, M, T, V, C).
        start (Tensor): First frames, of shape (1 or N, views), from 0 to
            2 pad.
        pad (int): Frames that are padded at each end, the edge repeated.
    """
    T = x.size(3)
    frames = start[..., None] - pad + torch.arange(T)
    frames = torch.where(frames < 0, -1 - frames, frames)
    frames = frames.minimum(2 * T - 1 - frames)
    return _take(x, frames[:, :, None, :, None, None], 3)


def shear_matrix(entries: Tensor) -> Tensor:
    """S (..., 3, 3) of unit diagonal, of entries (..., 6) row by row."""
    S = torch.eye(3, dtype=entries.dtype).repeat(*entries.shape[:-1], 1, 1)
    for (i, j), entry in zip(_SHEAR, entries.unbind(-1)):
        S[..., i, j] = entry
    return S


def rotation(degrees: Tensor) -> Tensor:
    """``R_z R_y R_x`` of angles (..., 3) about x, y and z."""
    radians = degrees * (math.pi / 180)
    R = torch.eye(3, dtype=degrees.dtype)
    for axis, (c, s) in enumerate(
        zip(radians.cos().unbind(-1), radians.sin().unbind(-1))
    ):
        R = _about(axis, c, s) @ R
    return R


def _about(axis: int, c: Tensor, s: Tensor) -> Tensor:
    """Clockwise, seen against the axis."""
    i, j = (axis + 1) % 3, (axis + 2) % 3
    R = torch.eye(3, dtype=c.dtype).repeat(*c.shape, 1, 1)
    R[..., i, i] = R[..., j, j] = c
    R[..., i, j], R[..., j, i] = s, -s
    return R


def transform(x: Tensor, A: Tensor) -> Tensor:
    """``A x`` of views x (N, views, M, T, V, 3) and A (1 or N, views, 3, 3).

    Written out, since autocast would round a product of matrices.
    """
    A = A.to(x)[:, :, None, None, None]  # (N, views, 1, 1, 1, 3, 3)
    columns = zip(x.split(1, -1), A.unbind(-1))
    return torch.stack([c * a for c, a in columns]).sum(0)


def mirror(x: Tensor, flipped: Tensor, table: Tuple[int, ...]) -> Tensor:
    """Let left and right joints change places; coordinates stay.

    Args:
        x (Tensor): Views of shape (N, views, M, T, V, C).
        flipped (Tensor): Which views, of shape (1 or N, views).
        table (tuple[int]): Joint of the other side of each.
    """
    joints = torch.where(
        flipped[..., None], torch.tensor(table), torch.arange(len(table))
    )
    return _take(x, joints[:, :, None, None, :, None], 4)


def _take(x: Tensor, index: Tensor, dim: int) -> Tensor:
    """Gather along a dimension; others of the index are broadcast."""
    shape = [*x.shape]
    shape[dim] = index.size(dim)
    return x.gather(dim, index.to(x.device).expand(shape))
