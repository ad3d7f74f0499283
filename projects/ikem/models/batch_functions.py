"""What a clip takes over from its partner in the batch, given the draws.

Pure functions of clips x and their partners, both (N, M, T, V, C): joints, or
a modality of them. Cells are those of the last feature map, (t, V), each row
of which stands for ``stride`` frames. Source: ActCLR ("Actionlet-Dependent
Contrastive Learning for Unsupervised Skeleton-Based Action Recognition", CVPR
2023) and its released code.
"""

from typing import Iterable, List, Tuple

import torch
import torch.nn.functional as F
from torch import Tensor

from projects.ikem.skeletons import SkeletonLayout

from .ranks import take_partners
from .stacking import constant

_EPS = 1e-5

# Transfers: a partner's proportions


def _length(x: Tensor, dim: Tuple[int, ...] = (-1,)) -> Tensor:
    return ((x * x).sum(dim, keepdim=True) + _EPS).sqrt()


def _bones(x: Tensor, layout: SkeletonLayout) -> Tensor:
    parents = constant(layout.parents, x.device)
    return x - x.index_select(-2, parents)


def _joints(x: Tensor, bones: Tensor, layout: SkeletonLayout) -> Tensor:
    """Joints with other bones: the root of x, and outwards from there."""
    bones: List[Tensor] = list(bones.unbind(-2))
    y = list(x.unbind(-2))
    for v in layout.root_first:
        y[v] = y[layout.parents[v]] + bones[v]
    return torch.stack(y, -2)


def transfer_joint(
    x: Tensor, partner: Tensor, layout: SkeletonLayout
) -> Tensor:
    """Give bones the lengths of the partner's, per frame and person.

    ``x'_root = x_root``, ``x'_v = x'_parent(v) + b_v |b_v(partner)| /
    |b_v|``, with ``|b| = sqrt(b . b + 1e-5)`` of ``b_v = x_v - x_parent(v)``.
    """
    b, b_partner = _bones(x, layout), _bones(partner, layout)
    return _joints(x, b * _length(b_partner) / _length(b), layout)


def transfer_bone(
    x: Tensor, partner: Tensor, layout: SkeletonLayout
) -> Tensor:
    """The same of the modality bone: ``x' = x |partner| / |x|``."""
    return x * _length(partner) / _length(x)


def transfer_motion(
    x: Tensor, partner: Tensor, layout: SkeletonLayout
) -> Tensor:
    """Give a modality such as motion the partner's statistics.

    ``x' = (x - mu(x)) / (sd(x) + 1e-3) sd(partner) + mu(partner)``, mu the
    mean over joints, sd the standard deviation over frames (unbiased).
    """
    mu, mu_partner = (a.mean(-2, keepdim=True) for a in (x, partner))
    sd, sd_partner = (a.std(-3, keepdim=True) for a in (x, partner))
    return (x - mu) / (sd + 1e-3) * sd_partner + mu_partner


def transfer_legacy(
    x: Tensor, partner: Tensor, layout: SkeletonLayout, epoch: int = 0
) -> Tensor:
    """As the code was before December 2023, for every modality.

    ``x'_v = x'_parent(v) + b_v r_v`` with ``r = (|b(partner)| / |b|)^(100 /
    (epoch + 400))`` for each coordinate, the length taken over the persons.
    """
    b, b_partner = _bones(x, layout), _bones(partner, layout)
    r = _length(b_partner, (-4,)) / _length(b, (-4,))
    return _joints(x, b * r ** (100 / (epoch + 400)), layout)


# Swaps: a partner's parts in a window of time


def region(
    num_frames: int,
    joints: Iterable[int],
    start: int,
    length: int,
    like: Tensor,
    stride: int = 4,
) -> Tensor:
    """Cells of some joints in a window of rows.

    Args:
        num_frames (int): T.
        joints (iterable[int]): The joints.
        start (int): First row.
        length (int): Number of rows.
        like (Tensor): Clips (..., V, C), whose device and dtype are wanted.
        stride (int): Frames in a row. Defaults to 4.

    Returns:
        Tensor: 1 there and 0 elsewhere, of shape (t, V), ``t = ceil(T /
        stride)``.
    """
    joints = set(joints)
    chosen = tuple(v in joints for v in range(like.size(-2)))
    row = torch.arange(-(-num_frames // stride), device=like.device)
    inside = (row >= start) & (row < start + length)
    cells = inside[:, None] & constant(chosen, like.device, torch.bool)
    return cells.to(like.dtype)


def paste(x: Tensor, partner: Tensor, cells: Tensor, stride: int = 4):
    """Take the frames and joints of some cells from the partner."""
    frames = cells.repeat_interleave(stride, 0)[: x.size(-3)]  # (T, V)
    return torch.where(frames[..., None] > 0, partner, x)


def squeeze(
    partner: Tensor, start: int, length: int, stride: int = 4
) -> Tensor:
    """Let a window show twice as much of a clip's beginning.

    Frame ``stride * start + j`` of the result reads frame ``floor(j min(T, 2
    w) / w)``, w = stride * length the frames of the window; the others stay.
    """
    num_frames, window = partner.size(-3), stride * length
    t = torch.arange(num_frames, device=partner.device)
    j = t - stride * start
    source = j * min(num_frames, 2 * window) // window
    inside = (j >= 0) & (j < window)
    return partner.index_select(-3, torch.where(inside, source, t))


def mix(x: Tensor, partner: Tensor, weight: float) -> Tensor:
    """``(1 - weight) x + weight partner``."""
    return (1 - weight) * x + weight * partner


# What cells are good for: composed clips and mixed keys


def upsample(cells: Tensor, num_frames: int) -> Tensor:
    """Cells (..., t, V) to frames (..., T, V), linear in time with both ends
    aligned: frame i of T reads row ``i (t - 1) / (T - 1)``."""
    size = (num_frames, cells.size(-1))
    maps = cells.reshape(-1, 1, *cells.shape[-2:])
    frames = F.interpolate(maps, size, mode='bilinear', align_corners=True)
    return frames.reshape(*cells.shape[:-2], *size)


def compose(cells: Tensor, x: Tensor, y: Tensor) -> Tensor:
    """x where the cells are 1, y where they are 0.

    Args:
        cells (Tensor): Of shape (..., t, V), such as actionlets.
        x (Tensor): Clips (..., T, V, C).
        y (Tensor): Clips of the same shape.
    """
    a = upsample(cells, x.size(-3))[..., None]
    return a * x + (1 - a) * y


def swapped_weights(
    actionlet: Tensor, taken: Tensor, lent: Tensor, temperature: float = 0.1
) -> Tuple[Tensor, Tensor]:
    """How much of a clip a swap keeps, and how much it lends.

    With ``w = exp(actionlet / temperature)``, means over the persons of
    ``sum w (1 - taken) / (sum w + 1e-5)`` and of ``sum w lent / sum (w +
    1e-5)``, sums over the cells.

    Args:
        actionlet (Tensor): Cells of the clips, of shape (N, ..., M, t, V).
        taken (Tensor): Share of each cell that comes from the partner, B, of
            shape (t, V).
        lent (Tensor): Share of each cell of the partner that is in the clip,
            B^p, of shape (t, V).
        temperature (float): Defaults to 0.1.

    Returns:
        tuple[Tensor, Tensor]: Each of shape (N, ...). The second is what a
        clip lends to that whose partner it is; :func:`mixed_keys` moves it
        there.
    """
    w = (actionlet / temperature).exp()
    cells = (-2, -1)
    own = (w * (1 - taken)).sum(cells) / (w.sum(cells) + _EPS)
    given = (w * lent).sum(cells) / (w + _EPS).sum(cells)
    return own.mean(-1), given.mean(-1)


def mixed_keys(
    keys: Tensor,
    own: Tensor,
    given: Tensor,
    shift: int,
    channel: bool = False,
) -> Tensor:
    """Keys of swapped clips: ``normalize((C zhat_i + P zhat_p) / (P + C))``.

    Args:
        keys (Tensor): Unit keys zhat of the clips, of shape (N, ..., D).
        own (Tensor): C, what each clip keeps, of shape (N, ...).
        given (Tensor): What each clip lends, of shape (N, ...); that of the
            partner p is P.
        shift (int): Steps from a clip to its partner, see
            :func:`take_partners`.
        channel (bool): Whether the weight of clip j is that of channel j of
            all clips, as in the released code before July 2024. Defaults to
            False.

    Raises:
        ValueError: If ``channel`` and there are not as many clips as
            channels.
    """
    if channel and len(keys) != keys.size(-1):
        raise ValueError(
            f'with channel=True the {len(keys)} clips of a rank would weight '
            f'the {keys.size(-1)} channels of the keys: make the batch of a '
            'rank as large, or leave out channel'
        )
    C, P = own, take_partners(given, shift)
    if channel:
        C, P = C.movedim(0, -1), P.movedim(0, -1)
    else:
        C, P = C[..., None], P[..., None]
    mixed = (C * keys + P * take_partners(keys, shift)) / (P + C)
    return F.normalize(mixed, dim=-1)
