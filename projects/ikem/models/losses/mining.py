"""The losses of AimCLR: distributions over the own key and the bank."""

from typing import Tuple

import torch
from torch import Tensor

from .functional import without_autocast


def log_distribution(
    z: Tensor, zhat: Tensor, bank: Tensor, temperature: float
) -> Tensor:
    """``log softmax([z.zhat, z.m_1, ..., z.m_K] / t)``.

    Args:
        z (Tensor): Query embeddings of shape (..., N, D).
        zhat (Tensor): Key embeddings of shape (..., N, D), constants.
        bank (Tensor): Keys of earlier clips, of shape (..., K, D), constants.
        temperature (float): t.

    Returns:
        Tensor: Of shape (..., N, 1 + K).
    """
    own = (z * zhat).sum(-1, keepdim=True)
    s = torch.cat([own, z @ bank.transpose(-2, -1)], -1)
    return (s / temperature).log_softmax(-1)


@torch.no_grad()
def nearest_slots(log_p: Tensor, k: int) -> Tensor:
    """The own key and the k nearest of the bank, as seen from some views.

    Args:
        log_p (Tensor): Log distributions of the views, of shape (..., views,
            N, 1 + K).
        k (int): Slots that each view adds, at most all.

    Returns:
        Tensor: The union over the views as a mask of shape (..., N, 1 + K).
    """
    top = log_p[..., 1:].topk(min(k, log_p.size(-1) - 1)).indices + 1
    chosen = torch.zeros_like(log_p, dtype=torch.bool)
    chosen = chosen.scatter_(-1, top, True).any(-3)
    chosen[..., 0] = True
    return chosen


@without_autocast
def aimclr(
    z: Tensor,
    extreme: Tensor,
    dropped: Tensor,
    zhat: Tensor,
    bank: Tensor,
    temperature: float = 0.07,
    neighbours: int = 0,
    shared: bool = False,
) -> Tuple[Tensor, Tensor, Tensor]:
    """The losses of AimCLR (its sections on NNM and D3M).

    With ``p(a) = softmax([a.zhat, a.m_1, ..., a.m_K] / t)``: the contrastive
    loss is the mean of ``-log p_j(z)`` over the positives j, the own key and,
    from the mining on, the slots that are nearest to any of the three views
    of the clip. The distribution of each extreme view follows that of the
    normal one, ``-sum_j sg[p_j(z)] log p_j(a)``.

    Args:
        z (Tensor): Embeddings of the normal view, of shape (U, N, D).
        extreme (Tensor): Those of the extreme view, of shape (U, N, D).
        dropped (Tensor): Those of the extreme view after the drop of its
            attended features, of shape (U, N, D).
        zhat (Tensor): Key embeddings of shape (U, N, D), constants.
        bank (Tensor): Keys of earlier clips, of shape (U, K, D), constants.
        temperature (float): t. Defaults to 0.07.
        neighbours (int): Nearest slots that each view adds to the positives;
            0 makes the first loss InfoNCE. Defaults to 0.
        shared (bool): Whether the modalities share their positives, slots
            being aligned. Defaults to False.

    Returns:
        tuple[Tensor, Tensor, Tensor]: Means over the batch of the contrastive
        loss and of those of the extreme and the dropped view, each of shape
        (U, ).
    """
    views = torch.cat([z, extreme, dropped], -2)
    log_p = log_distribution(
        views, torch.cat([zhat] * 3, -2), bank, temperature
    ).unflatten(-2, (3, -1))  # (U, 3, N, 1 + K)
    normal, log_extreme, log_dropped = log_p.unbind(-3)
    if neighbours:
        positives = nearest_slots(log_p, neighbours)
        if shared:
            positives = positives.any(0, keepdim=True).expand_as(normal)
        contrast = -(normal * positives).sum(-1) / positives.sum(-1)
    else:
        contrast = -normal[..., 0]
    p = normal.detach().exp()
    follow = [-(p * x).sum(-1).mean(-1) for x in (log_extreme, log_dropped)]
    return (contrast.mean(-1), *follow)
