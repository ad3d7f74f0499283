"""Actionlets (ActCLR): where a clip differs from one without action."""

from typing import Callable, Iterable, Sequence

import torch
import torch.nn.functional as F
from mmengine.dist import get_world_size
from torch import Tensor

from .encoder import Features
from .losses.functional import without_autocast

# the response from which a cell is wholly part of the actionlet
_RESPONSE = 1e-8


def dissimilarity_gradient(
    f: Features, project: Callable[[Features], Features], anchor: Features
) -> Tensor:
    """Gradient of ``1 - 1/N sum_n cos(g(f_n), anchor)``.

    Args:
        f (dict[str, Tensor]): Features (N, D) by modality.
        project (callable): Projectors g of the modalities.
        anchor (dict[str, Tensor]): Their anchors, of shape (1, D').

    Returns:
        Tensor: Of shape (N, U, D), modalities in order; N is the batch over
        all ranks.
    """
    with torch.enable_grad():
        x = torch.stack(list(f.values()), 1).detach().requires_grad_()
        z = project(dict(zip(f, x.unbind(1))))
        z, anchor = (torch.stack([y[u] for u in f], 1) for y in (z, anchor))
        d = -F.cosine_similarity(z, anchor, dim=-1).sum()
    (gradient,) = torch.autograd.grad(d, x)
    return gradient / (get_world_size() * len(x))


def same_part(parts: Iterable[Sequence[int]], num_joints: int) -> Tensor:
    """Matrix (V, V) that is 1 for joints of one body part and 0 elsewhere.

    Args:
        parts (iterable[sequence[int]]): Joints of each part. Joints in none
            are parts of their own.
        num_joints (int): V.
    """
    same = torch.eye(num_joints)
    for part in map(list, parts):
        for v in part:
            same[part, v] = 1
    return same


@without_autocast
@torch.no_grad()
def actionlet(maps: Tensor, gradient: Tensor, same: Tensor) -> Tensor:
    """Cells that make a clip different from the anchor.

    With alpha the gradient of the dissimilarity with respect to the maps,
    the response of a cell is ``ReLU(1/D sum_c alpha_c F_c)``, averaged over
    its body part and cut off at 1e-8, so that nearly all cells are 0 or 1.

    Args:
        maps (Tensor): Feature maps F of shape (N, M, t, V, U, D), such as
            those of :meth:`Encoders.stacks`.
        gradient (Tensor): That of the dissimilarity with respect to the mean
            of the maps, of shape (N, U, D).
        same (Tensor): Matrix of :func:`same_part`.

    Returns:
        Tensor: The masks A, from 0 to 1, of shape (N, U, M, t, V).
    """
    _, M, t, V, _, D = maps.shape
    alpha = gradient / (M * t * V)  # the same for all cells
    h = (maps * alpha[:, None, None, None]).sum(-1) / D
    h = h.movedim(-1, 1).relu()
    mean = h @ same.to(h) / same.sum(0).to(h)
    return (mean / _RESPONSE).clamp(max=1)


def masked_pool(maps: Tensor, masks: Tensor, eps: float = 1e-5) -> Tensor:
    """Mean over the cells of a mask, then over persons.

    Args:
        maps (Tensor): Feature maps of shape (N, M, t, V, U, D).
        masks (Tensor): A, of shape (N, U, M, t, V).
        eps (float): Added to the sum of the mask. Defaults to 1e-5.

    Returns:
        Tensor: Features of shape (N, U, D).
    """
    A = masks.movedim(1, -1)[..., None]
    mean = (maps * A).sum((2, 3)) / (A.sum((2, 3)) + eps)
    return mean.mean(1)
