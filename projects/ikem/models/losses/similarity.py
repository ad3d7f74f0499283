"""Losses between distributions of similarities to the bank (ReSSL, CPM,
ActCLR): a query is to find the bank as similar as the key of its clip does."""

from typing import Any, NamedTuple, Optional, Tuple

import torch
import torch.nn.functional as F
from torch import Tensor

from .functional import without_autocast


def _similarities(
    zhat: Tensor, bank: Tensor, max_similarity: Optional[float]
) -> Tensor:
    """``zhat.m_i``, and -1 where it exceeds a maximum: of keys so near, such
    as older ones of the clip itself, there is nothing to learn."""
    t = zhat @ bank.transpose(-2, -1)
    if max_similarity is None:
        return t
    return t.masked_fill(t > max_similarity, -1)


@without_autocast
def similarity_distribution(
    z: Tensor,
    zhat: Tensor,
    bank: Tensor,
    query_temperature: float = 0.1,
    key_temperature: float = 0.05,
    include_self: bool = True,
    positives: int = 0,
    pel: str = 'raise',
    max_similarity: Optional[float] = None,
) -> Tuple[Tensor, Tensor]:
    """Cross-entropy of two distributions of similarities over the bank.

    With ``s_i = z.m_i`` and ``t_i = zhat.m_i`` it is ``-sum_i softmax(t /
    t_key)_i log softmax(s / t_query)_i`` ("ReSSL", NeurIPS 2021, Eq. 5 and
    6), to which :class:`CPM` adds the own key and mined positives P, the top
    of t.

    Args:
        z (Tensor): Query embeddings of shape (..., N, D).
        zhat (Tensor): Key embeddings of shape (..., N, D), constants.
        bank (Tensor): Keys of earlier clips, of shape (..., K, D), constants.
        query_temperature (float): t_query. Defaults to 0.1.
        key_temperature (float): t_key. Defaults to 0.05.
        include_self (bool): Whether the own key is entry 0 of both, with
            ``t_0 = 1``. Defaults to True.
        positives (int): Slots in P. Defaults to 0.
        pel (str): ``'raise'`` sets ``t_i = 1`` for the positives; ``'add'``
            adds ``-1/|P| sum_{i in P} log p_i`` to the loss. Defaults to
            ``'raise'``.
        max_similarity (float, optional): Slots whose ``t_i`` exceeds it count
            with ``t_i = -1``. Defaults to None.

    Returns:
        tuple[Tensor, Tensor]: Mean over the batch of the loss, and of the
        share of the target distribution that lies on P and the own key, of
        shape (...).
    """
    s = z @ bank.transpose(-2, -1)
    t = _similarities(zhat, bank, max_similarity)
    top = t.topk(min(positives, t.size(-1))).indices
    if pel == 'raise':
        t = t.scatter(-1, top, 1.0)
    if include_self:
        own = (z * zhat).sum(-1, keepdim=True)
        s = torch.cat([own, s], -1)
        t = torch.cat([torch.ones_like(own.detach()), t], -1)
        top = top + 1
    log_p = (s / query_temperature).log_softmax(-1)
    target = (t / key_temperature).softmax(-1)
    mass = target.gather(-1, top).sum(-1)
    if include_self:
        mass = mass + target[..., 0]
    loss = -(target * log_p).sum(-1)
    if pel == 'add' and positives:
        loss = loss - log_p.gather(-1, top).mean(-1)
    return loss.mean(-1), mass.mean(-1)


class Target(NamedTuple):
    """Distribution of a key over the slots of the bank that are nearest to
    it.

    Attributes:
        slots (Tensor): The slots I, of shape (..., N, I).
        log_p (Tensor): ``log softmax_I(zhat.m_i / t)``, of shape (..., N,
            I).
    """

    slots: Tensor
    log_p: Tensor


@without_autocast
@torch.no_grad()
def target_distribution(
    zhat: Tensor,
    bank: Tensor,
    temperature: float = 0.04,
    topk: int = 8192,
    max_similarity: Optional[float] = 0.95,
) -> Target:
    """What a key says of the bank (ActCLR).

    Args:
        zhat (Tensor): Key embeddings of shape (..., N, D).
        bank (Tensor): Keys of earlier clips, of shape (..., K, D).
        temperature (float): t. Defaults to 0.04.
        topk (int): Number of slots, at most all. Defaults to 8192.
        max_similarity (float, optional): Slots nearer than that count with a
            similarity of -1. Defaults to 0.95.
    """
    s = _similarities(zhat, bank, max_similarity)
    s, slots = s.topk(min(topk, s.size(-1)))
    return Target(slots, (s / temperature).log_softmax(-1))


def divergence(
    s: Tensor, target: Target, temperature: float = 0.1, squared: bool = True
) -> Tensor:
    """``KL(P || Q)`` over the slots I of a target P, with ``Q =
    softmax_I(s_i^2 / t)`` (ActCLR; its release squares the similarities).

    Args:
        s (Tensor): Similarities ``z.m_i`` of shape (..., N, K).
        target (Target): P.
        temperature (float): t. Defaults to 0.1.
        squared (bool): Whether the similarities are squared. Defaults to
            True.

    Returns:
        Tensor: The mean over the batch, of shape (...).
    """
    s = s.gather(-1, target.slots)
    s = s.square() if squared else s
    log_q = (s / temperature).log_softmax(-1)
    kl = F.kl_div(log_q, target.log_p, reduction='none', log_target=True)
    return kl.sum(-1).mean(-1)


@without_autocast
def actclr(
    z: Tensor,
    transferred: Tensor,
    mixed: Tensor,
    zhat: Tensor,
    mixed_zhat: Tensor,
    bank: Tensor,
    query_temperature: float = 0.1,
    squared: bool = True,
    **target: Any,
) -> Tuple[Tensor, Tensor, Tensor]:
    """The three terms of ActCLR: two views have the clip's key for target,
    the third one a mixture of two keys.

    Args:
        z (Tensor): Embeddings of the first view, of shape (..., N, D).
        transferred (Tensor): Those of the second, of shape (..., N, D).
        mixed (Tensor): Those of the third, of shape (..., N, D).
        zhat (Tensor): Key embeddings of shape (..., N, D), constants.
        mixed_zhat (Tensor): Mixed ones, of shape (..., N, D), constants.
        bank (Tensor): Keys of earlier clips, of shape (..., K, D), constants.
        query_temperature (float): t of :func:`divergence`. Defaults to 0.1.
        squared (bool): See :func:`divergence`. Defaults to True.
        **target: Options of :func:`target_distribution`.

    Returns:
        tuple[Tensor, Tensor, Tensor]: Means over the batch, of shape (...).
    """
    of_key = target_distribution(zhat, bank, **target)
    of_mixed = target_distribution(mixed_zhat, bank, **target)
    terms = (z, of_key), (transferred, of_key), (mixed, of_mixed)
    return tuple(
        divergence(x @ bank.transpose(-2, -1), p, query_temperature, squared)
        for x, p in terms
    )


@without_autocast
def distribution_exchange(
    z: Tensor,
    zhat: Tensor,
    bank: Tensor,
    query_temperature: float = 0.1,
    squared: bool = True,
    **target: Any,
) -> Tensor:
    """What each modality's key says of the bank is the target of all others;
    slots are aligned.

    ``L_u``, the mean over the sources v of ``KL(softmax_I(zhat_v.m_i^v / t) ||
    softmax_I((z_u.m_i^u)^2 / t'))``, I the top slots of v.

    Args:
        z (Tensor): Query embeddings of shape (U, N, D).
        zhat (Tensor): Key embeddings of shape (U, N, D), constants.
        bank (Tensor): Keys of earlier clips, of shape (U, K, D), constants.
        query_temperature (float): t'. Defaults to 0.1.
        squared (bool): See :func:`divergence`. Defaults to True.
        **target: Options of :func:`target_distribution`.

    Returns:
        Tensor: Of shape (U, ).
    """
    U = len(z)
    s = z @ bank.transpose(-2, -1)
    slots, log_p = target_distribution(zhat, bank, **target)
    losses = [  # by source, of all targets
        divergence(
            s,
            Target(*(x[v].expand(U, *x.shape[1:]) for x in (slots, log_p))),
            query_temperature,
            squared,
        )
        for v in range(U)
    ]
    others = 1 - torch.eye(U, device=z.device)
    return (torch.stack(losses) * others).sum(0) / (U - 1)
