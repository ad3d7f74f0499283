"""Energy-based attention-guided drop of feature maps (AimCLR's EADM)."""

from typing import Optional

import torch
from mmengine.dist import all_reduce
from torch import Tensor


def attention(maps: Tensor, smoothing: float = 1e-4) -> Tensor:
    """How much each element of a feature map stands out from its map.

    With ``d = (F - mean)^2``, the attention is the sigmoid of the energy ``d
    / (4 (sum d / (t V - 1) + lambda)) + 1/2`` ("SimAM", ICML 2021).

    Args:
        maps (Tensor): Feature maps F of shape (N, M, t, V, ...).
        smoothing (float): lambda. Defaults to 1e-4.

    Returns:
        Tensor: Of the shape of the maps; at least sigmoid(1/2).
    """
    d = (maps - maps.mean((2, 3), keepdim=True)).square()
    size = maps.size(2) * maps.size(3)
    variance = d.sum((2, 3), keepdim=True) / (size - 1)
    return torch.sigmoid(d / (4 * (variance + smoothing)) + 0.5)


@torch.no_grad()
def drop_attended(
    maps: Tensor,
    threshold: float = 0.7,
    smoothing: float = 1e-4,
    persons: Optional[Tensor] = None,
) -> Tensor:
    """Factors that drop what attention points at: first joints, then single
    elements.

    What is left is divided by the share that is left of the whole batch, over
    all ranks, as in dropout; of each modality on its own.

    Args:
        maps (Tensor): Feature maps of shape (N, M, t, V, U, D), such as those
            of :meth:`Encoders.stacks`.
        threshold (float): Attention from which a joint, by its mean, or an
            element is dropped. Defaults to 0.7.
        smoothing (float): lambda of :func:`attention`. Defaults to 1e-4.
        persons (Tensor, optional): Who is there and counts in the share,
            booleans of shape (N, M). Defaults to all.

    Returns:
        Tensor: The factors, of the shape of the maps, constants.
    """
    dtype = torch.promote_types(maps.dtype, torch.float32)
    a = attention(maps.to(dtype), smoothing)
    joints = a.mean((2, 5), keepdim=True) < threshold  # (N, M, 1, V, U, 1)
    elements = a < threshold
    there = a.new_ones(a.shape[:2], dtype=torch.bool)
    if persons is not None:
        there = persons.to(a.device)
    there = there[:, :, None, None, None, None].expand_as(joints)
    shares = torch.stack(
        [
            (x & there).mean((0, 1, 2, 3, 5), dtype=dtype)
            for x in (joints, elements, there)
        ]
    )  # (3, U)
    all_reduce(shares, 'mean')
    kept = shares[:2] / shares[2]
    scale = kept.clamp(min=1 / maps.numel()).reciprocal().prod(0)
    return (joints & elements) * scale[:, None]
