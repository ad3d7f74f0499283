"""The Poincare ball of curvature -1, and the losses in it, as pure functions.

`Hyperbolic Self-paced Learning for Self-supervised Skeleton-based Action
Representations <https://arxiv.org/abs/2303.06242>`_ (HYSP). Points and vectors
are (..., D). All is computed in float64, whatever the network computes in:
near the border of the ball float32 has no digits left. The constants are those
of the release.
"""

from typing import NamedTuple

import torch
import torch.nn.functional as F
from torch import Tensor

RADIUS = 1 - 1e-5  # up to which points lie
LARGEST = 1 - 1e-7  # argument of artanh: distances are capped beyond
TINY = 1e-15
# The root of the curvature in the release's library. It shows where artanh is
# ill-conditioned, in the ninth digit.
ROOT = (1 + TINY) ** 0.5


def norm(x: Tensor) -> Tensor:
    """``|x|``, of shape (..., 1), at least 1e-15."""
    return x.norm(dim=-1, keepdim=True).clamp_min(TINY)


def clip(h: Tensor) -> Tensor:
    """Points within :data:`RADIUS`; others move there, and their gradient has
    no radial part."""
    length, radius = norm(h), RADIUS / ROOT
    return torch.where(length > radius, h / length * radius, h)


def artanh(x: Tensor) -> Tensor:
    """``artanh(min(x, 1 - 1e-7))``; beyond, its gradient is 0."""
    x = x.clamp(max=LARGEST)
    return ((1 + x).log() - (1 - x).log()) / 2


def exp0(v: Tensor) -> Tensor:
    """Exponential map at the centre, ``tanh(|v|) v / |v|``, clipped."""
    v = v.double()
    length = norm(v)
    radius = (ROOT * length).clamp(max=15).tanh() / ROOT
    return clip(radius * (v / length))


def mobius_add(x: Tensor, y: Tensor) -> Tensor:
    """Moebius addition ``x (+) y``."""
    xy = (x * y).sum(-1, keepdim=True)
    xx, yy = (z.square().sum(-1, keepdim=True) for z in (x, y))
    numerator = (1 + 2 * xy + yy) * x + (1 - xx) * y
    return numerator / (1 + 2 * xy + xx * yy).clamp_min(TINY)


def distance(x: Tensor, y: Tensor, form: str = 'artanh') -> Tensor:
    """Poincare distance of points, of shape (...).

    Args:
        x (Tensor): Points within :data:`RADIUS`.
        y (Tensor): Others.
        form (str): ``'artanh'``, ``2 artanh(min(|(-x) (+) y|, 1 - 1e-7))``,
            as the release computes it: capped at 16.81, where its gradient is
            exactly 0; or ``'arcosh'``, ``arcosh(1 + 2 |x - y|^2 / ((1 -
            |x|^2) (1 - |y|^2)))``, which has no cap. Defaults to
            ``'artanh'``.
    """
    if form == 'artanh':
        return 2 * artanh(ROOT * mobius_add(-x, y).norm(dim=-1)) / ROOT
    xx, yy, dd = (z.square().sum(-1) for z in (x, y, x - y))
    # arcosh(1 + a) = log(1 + a + sqrt(a (a + 2))), whose slope at 0 is cut off
    a = (2 * dd / ((1 - xx) * (1 - yy))).clamp_min(TINY)
    return torch.log1p(a + (a * (a + 2)).sqrt())


def cosine_distance(x: Tensor, y: Tensor) -> Tensor:
    """``2 - 2 cos(x, y)``, of shape (...)."""
    return 2 - 2 * (F.normalize(x, dim=-1) * F.normalize(y, dim=-1)).sum(-1)


def pace(epoch: float, begin: float, end: float) -> float:
    """Share lambda of the Poincare distance in the loss: 0 up to an epoch, 1
    from another one on."""
    if begin < epoch < end:
        return (epoch - begin) / (end - begin)
    return float(epoch >= end)


def paced_distance(
    x: Tensor, y: Tensor, share: float, form: str = 'artanh'
) -> Tensor:
    """``(1 - lambda) D(x, y) + lambda d(x, y)``, of shape (...).

    Args:
        x (Tensor): Points of the ball.
        y (Tensor): Others.
        share (float): lambda. A distance with a share of at most 1e-7 is left
            out.
        form (str): See :func:`distance`. Defaults to ``'artanh'``.
    """
    loss = 0.0
    if share < 1 - 1e-7:
        loss = (1 - share) * cosine_distance(x, y)
    if share > 1e-7:
        loss = loss + share * distance(x, y, form)
    return loss


class Limits(NamedTuple):
    """Shares of a batch, and its mean radius.

    Attributes:
        clipped (Tensor): Queries that :func:`clip` moved.
        capped (Tensor): Pairs whose distance is capped.
        radius (Tensor): Mean of ``|x|``; 1 minus it is the uncertainty.
    """

    clipped: Tensor
    capped: Tensor
    radius: Tensor


@torch.no_grad()
def limits(x: Tensor, y: Tensor) -> Limits:
    """How many of the points x lie on the border of the ball, and how many
    pairs (x, y) have no gradient of their distance."""
    radius = x.norm(dim=-1)
    return Limits(
        clipped=(radius > RADIUS - 1e-12).float().mean(),
        capped=(mobius_add(-x, y).norm(dim=-1) >= LARGEST).float().mean(),
        radius=radius.mean().float(),
    )
