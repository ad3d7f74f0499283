"""The losses as pure functions of embeddings.

Names follow the paper: z (N, D) are query embeddings, zhat (N, D) the key
embeddings of the same clips, bank (K, D) the keys of earlier clips; all have
unit length.  Everything is computed in (at least) float32, since autocast
would round similarities, which the temperature then magnifies.
"""

from typing import Dict, Iterable, Mapping, Tuple

import torch
import torch.nn.functional as F
from torch import Tensor

from .bank_statistics import bank_statistics


def info_nce(
    z: Tensor, zhat: Tensor, bank: Tensor, temperature: float = 0.07
) -> Tensor:
    """InfoNCE with a memory bank of negatives, the loss of the first stage.

    ``-log exp(z.zhat/t) / (exp(z.zhat/t) + sum_i exp(z.m_i/t))``

    Args:
        z (Tensor): Query embeddings of shape (N, D).
        zhat (Tensor): Key embeddings of shape (N, D), constants.
        bank (Tensor): Negatives of shape (K, D), constants.
        temperature (float): Temperature. Defaults to 0.07.

    Returns:
        Tensor: The mean over the batch, a scalar.
    """
    with torch.autocast(z.device.type, enabled=False):
        positive = (z * zhat).sum(1) / temperature  # (N, )
        negatives = z @ bank.T / temperature  # (N, K)
    total = torch.logaddexp(positive, negatives.logsumexp(1))
    return (total - positive).mean()


def explicit_exchange(
    z: Mapping[str, Tensor],
    zhat: Mapping[str, Tensor],
    bank: Mapping[str, Tensor],
    pairs: Iterable[Tuple[str, str]],
    temperature: float = 0.07,
    topk: int = 1,
    context: bool = True,
) -> Dict[Tuple[str, str], Tensor]:
    """Explicit knowledge exchange (EKEM), the loss of CrosSCLR.

    With ``s_i^u = z_u . m_i^u``, the logits of ``u <- v`` are ``[z_u.zhat_u,
    s_1^u, ..., s_K^u, s_1^u s_1^v, ..., s_K^u s_K^v] / t``, the last third
    only with context. Positives are the own key and, for the top slots of
    ``s^v``, these slots in both thirds; the loss is the mean over the
    positives of ``-log softmax``. No pair's logits are ever built: the sum
    over a modality's own negatives serves all its pairs, that over a context
    product serves both directions.

    Args:
        z (mapping[str, Tensor]): Query embeddings of shape (N, D_u).
        zhat (mapping[str, Tensor]): Key embeddings of shape (N, D_u) of the
            targets, constants.
        bank (mapping[str, Tensor]): Negatives of shape (K, D_u), slots
            aligned, constants.
        pairs (iterable[tuple[str, str]]): Pairs (u, v): target, source.
        temperature (float): t. Defaults to 0.07.
        topk (int): Slots that a source holds for positive. Defaults to 1.
        context (bool): Whether there is a context product. Defaults to True.

    Returns:
        dict[tuple[str, str], Tensor]: Mean loss over the batch by pair.
    """
    pairs = list(pairs)
    names = list(z)
    products = sorted({tuple(sorted(pair)) for pair in pairs if context})
    statistics = bank_statistics(
        [z[u] for u in names],
        [bank[u] for u in names],
        [(names.index(u), names.index(v)) for u, v in products],
        temperature,
        topk,
    )
    lse = dict(zip(names, statistics.lse))
    lse_context = dict(zip(products, statistics.lse_context))
    top = dict(zip(names, statistics.top))

    def similarity(u: str, slots: Tensor) -> Tensor:
        """s^u in some slots, of shape (N, k)."""
        return (z[u][:, None] * bank[u][slots]).sum(-1)

    losses = {}
    for u, v in pairs:
        own = (z[u] * zhat[u]).sum(1) / temperature  # (N, )
        s = similarity(u, top[v])
        positives = own + s.sum(1) / temperature
        number = 1 + s.size(1)
        total = torch.logaddexp(own, lse[u])
        if context:
            products_at_top = (s * similarity(v, top[v])).sum(1)
            positives = positives + products_at_top / temperature
            number += s.size(1)
            product = lse_context[tuple(sorted((u, v)))]
            total = torch.logaddexp(total, product)
        losses[u, v] = (total - positives / number).mean()
    return losses


def implicit_exchange(
    ztilde: Mapping[str, Tensor],
    zhat: Mapping[str, Tensor],
    bank: Mapping[str, Tensor],
    temperature: float = 0.07,
) -> Dict[str, Tensor]:
    """Implicit knowledge exchange (IKEM, Eq. 1 and 2 of the paper).

    InfoNCE of each modality's second embedding against the key that all
    modalities share, ``zhat_c = normalize(concat_u zhat_u)``, and the bank
    of such keys.

    Args:
        ztilde (mapping[str, Tensor]): Embeddings of shape (N, sum_u D_u).
        zhat (mapping[str, Tensor]): Key embeddings of shape (N, D_u).
        bank (mapping[str, Tensor]): Negatives of shape (K, D_u), slots
            aligned.
        temperature (float): t. Defaults to 0.07.

    Returns:
        dict[str, Tensor]: Mean loss over the batch by modality.
    """
    zhat_c = F.normalize(torch.cat(list(zhat.values()), 1), dim=1)
    bank_c = F.normalize(torch.cat([bank[u] for u in zhat], 1), dim=1)
    return {
        u: info_nce(z, zhat_c, bank_c, temperature) for u, z in ztilde.items()
    }
