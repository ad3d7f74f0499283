"""Partial clips: of some joints, of some frames.

`Self-supervised Action Representation Learning from Partial Spatio-Temporal
Skeleton Sequences <https://arxiv.org/abs/2302.09018>`_ (PSTL). What is random
is a function of numbers U(0, 1), of which the smallest are chosen.
"""

from typing import List

import torch
from torch import Tensor

from projects.ikem.skeletons import SkeletonLayout


def entries_of_bones(layout: SkeletonLayout) -> List[int]:
    """Each joint as often as it has bones."""
    return [v for edge in layout.edges for v in edge]


def central_joints(
    layout: SkeletonLayout,
    numbers: Tensor,
    num_masked: int,
    distinct: bool = False,
) -> List[int]:
    """Central spatial masking: the joints that stay in the graph.

    Entries of :func:`entries_of_bones` are drawn without replacement, and
    their joints left out, a central joint the more likely.

    Args:
        layout (SkeletonLayout): The skeleton, whose edges are the bones.
        numbers (Tensor): One per entry.
        num_masked (int): Entries that are drawn; fewer joints are left out
            where one is drawn twice.
        distinct (bool): Whether as many joints are left out, by drawing on.
            Defaults to False.

    Returns:
        list[int]: Joints in ascending order.
    """
    entries = entries_of_bones(layout)
    drawn = [entries[i] for i in numbers.argsort().tolist()]
    if distinct:
        drawn = list(dict.fromkeys(drawn))
    masked = set(drawn[:num_masked])
    return [v for v in range(layout.num_joints) if v not in masked]


def motion_attention(x: Tensor) -> Tensor:
    """How little each frame moves, ``a_t = -mean (x_{t+1} - x_t)^2``.

    Args:
        x (Tensor): Clips of shape (N, M, T, V, C), joints or any modality.

    Returns:
        Tensor: Of shape (N, T); the last frame has 0, the maximum.
    """
    a = torch.zeros_like(x[:, 0, :, 0, 0])
    a[:, :-1] = -x.diff(dim=2).square().mean((1, 3, 4))
    return a


def calm_frames(x: Tensor, numbers: Tensor, num_masked: int) -> Tensor:
    """Motion-attention temporal masking: the frames that are kept.

    The ``num_masked`` frames that move most are left out, then as many of the
    others at random.

    Args:
        x (Tensor): Clips of shape (N, M, T, V, C).
        numbers (Tensor): One per frame that is left after the first step, of
            shape (T - F,) for all clips or (N, T - F).
        num_masked (int): F.

    Returns:
        Tensor: Frames in ascending order, of shape (N, T - 2 F).
    """
    T = x.size(2)
    order = motion_attention(x).argsort(dim=1, descending=True, stable=True)
    calm = order[:, : T - num_masked].sort(1).values
    places = numbers.argsort(-1)[..., : T - 2 * num_masked].sort(-1).values
    return calm.gather(1, places.to(calm.device).expand(len(x), -1))


def take_frames(x: Tensor, frames: Tensor) -> Tensor:
    """Frames (N, T') of clips (N, M, T, V, C)."""
    N, M, _, V, C = x.shape
    index = frames[:, None, :, None, None].expand(N, M, -1, V, C)
    return x.gather(2, index)
