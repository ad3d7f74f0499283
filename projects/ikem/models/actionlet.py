"""Actionlets (ActCLR): where a clip differs from one without action.

Masks have the shape (N, M, t, V) of the cells of a feature map.
"""

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
) -> Features:
    """Gradient of ``1 - 1/N sum_n cos(g(f_n), anchor)``.

    Args:
        f (dict[str, Tensor]): Features (N, D) by modality.
        project (callable): Projectors g of the modalities.
        anchor (dict[str, Tensor]): Their anchors, of shape (1, D').

    Returns:
        dict[str, Tensor]: By modality, of shape (N, D); N is the batch over
        all ranks.
    """
    with torch.enable_grad():
        f = {u: x.detach().requires_grad_() for u, x in f.items()}
        z = project(f)
        d = -sum(F.cosine_similarity(z[u], anchor[u]).sum() for u in f)
    gradients = torch.autograd.grad(d, list(f.values()))
    n = get_world_size() * len(gradients[0])
    return {u: g / n for u, g in zip(f, gradients)}


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
        maps (Tensor): Feature maps F of shape (N, M, D, t, V).
        gradient (Tensor): That of the dissimilarity with respect to the mean
            of the maps, of shape (N, D).
        same (Tensor): Matrix of :func:`same_part`.

    Returns:
        Tensor: The mask A, from 0 to 1.
    """
    _, M, D, t, V = maps.shape
    alpha = gradient / (M * t * V)  # the same for all cells
    h = torch.einsum('nc,nmctv->nmtv', alpha, maps.to(alpha.dtype)) / D
    mean = h.relu() @ same.to(h) / same.sum(0).to(h)
    return (mean / _RESPONSE).clamp(max=1)


@without_autocast
def masked_pool(maps: Tensor, mask: Tensor, eps: float = 1e-5) -> Tensor:
    """Mean over the cells of a mask, then over persons.

    Args:
        maps (Tensor): Feature maps of shape (N, M, D, t, V).
        mask (Tensor): A.
        eps (float): Added to the sum of the mask. Defaults to 1e-5.

    Returns:
        Tensor: Features of shape (N, D).
    """
    maps = maps.to(mask.dtype)
    total = torch.einsum('nmctv,nmtv->nmc', maps, mask)
    return (total / (mask.sum((-2, -1))[..., None] + eps)).mean(1)
