"""The losses as pure functions of embeddings.

Names follow the paper: z (N, D) are query embeddings, zhat (N, D) the key
embeddings of the same clips, bank (K, D) the keys of earlier clips; all have
unit length.  Everything is computed in (at least) float32, since autocast
would round similarities, which the temperature then magnifies.
"""

from typing import Dict, Hashable, Iterable, Mapping, Optional, Tuple

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


Pair = Tuple[Hashable, Hashable]


def explicit_exchange(
    z: Mapping[Hashable, Tensor],
    zhat: Mapping[Hashable, Tensor],
    bank: Mapping[Hashable, Tensor],
    pairs: Iterable[Pair],
    temperature: float = 0.07,
    topk: int = 1,
    context: bool = True,
    form: str = 'release',
) -> Dict[Pair, Tensor]:
    """Explicit knowledge exchange (EKEM), the loss of CrosSCLR.

    With ``s_i^u = z_u . m_i^u``, the logits of ``u <- v`` are ``[z_u.zhat_u,
    s_1^u, ..., s_K^u, s_1^u s_1^v, ..., s_K^u s_K^v] / t``, the last third
    only with context. Positives are the own key and, for the top slots of
    ``s^v``, these slots in both thirds; the loss is the mean over the
    positives of ``-log softmax``. No pair's logits are ever built: the sum
    over a modality's own negatives serves all its pairs, that over a context
    product serves both directions.

    In the form of IKEM's Eq. 7 the middle third is left out and the
    positives are summed before the logarithm, ``-log [exp(z_u.zhat_u / t) +
    sum_j exp(s_j^u s_j^v / t)] / [exp(z_u.zhat_u / t) + sum_i exp(s_i^u s_i^v
    / t)]`` with j the top slots.

    Args:
        z (mapping[hashable, Tensor]): Query embeddings of shape (N, D_u) by
            modality, or by other keys that can be sorted.
        zhat (mapping[hashable, Tensor]): Key embeddings of shape (N, D_u) of
            the targets, constants.
        bank (mapping[hashable, Tensor]): Negatives of shape (K, D_u), slots
            aligned, constants.
        pairs (iterable[tuple[hashable, hashable]]): Pairs (u, v): target,
            source.
        temperature (float): t. Defaults to 0.07.
        topk (int): Slots that a source holds for positive. Defaults to 1.
        context (bool): Whether there is a context product. Defaults to True.
        form (str): ``'release'`` or ``'paper'`` (Eq. 7, of the context
            products alone). Defaults to ``'release'``.

    Returns:
        dict[tuple[hashable, hashable], Tensor]: Mean loss over the batch by
        pair.

    Raises:
        ValueError: If there is no such form, or no context for Eq. 7.
    """
    if form not in ('release', 'paper') or (form == 'paper' and not context):
        raise ValueError(
            "form is 'release', or 'paper' with context=True, got "
            f'form={form!r}, context={context}'
        )
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

    def similarity(u: Hashable, slots: Tensor) -> Tensor:
        """s^u in some slots, of shape (N, k)."""
        return (z[u][:, None] * bank[u][slots]).sum(-1)

    losses = {}
    for u, v in pairs:
        own = (z[u] * zhat[u]).sum(1, keepdim=True)  # (N, 1)
        s = similarity(u, top[v])  # (N, k)
        positives, sums = [], []
        if form == 'release':
            positives.append(s)
            sums.append(lse[u])
        if context:
            positives.append(s * similarity(v, top[v]))
            sums.append(lse_context[tuple(sorted((u, v)))])
        positives = torch.cat([own, *positives], 1) / temperature
        total = torch.stack([positives[:, 0], *sums]).logsumexp(0)
        positive = (
            positives.mean(1) if form == 'release' else positives.logsumexp(1)
        )
        losses[u, v] = (total - positive).mean()
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


@torch.no_grad()
def embedding_statistics(
    z: Mapping[str, Tensor],
    zhat: Mapping[str, Tensor],
    bank: Optional[Mapping[str, Tensor]] = None,
) -> Dict[str, Tensor]:
    """Signs that the embeddings of a modality collapse.

    Args:
        z (mapping[str, Tensor]): Query embeddings of shape (N, D_u).
        zhat (mapping[str, Tensor]): Key embeddings of shape (N, D_u).
        bank (mapping[str, Tensor], optional): Negatives of shape (K, D_u).
            Defaults to None.

    Returns:
        dict[str, Tensor]: By modality u, ``std_{u}``, the standard deviation
        over the batch times ``sqrt(D_u)``, which is 1 for directions spread
        evenly and 0 for one point ("Exploring Simple Siamese Representation
        Learning", section 4.1), ``positive_{u}``, the mean similarity to the
        own key, and ``negative_{u}``, that to a bank that is not empty.
    """
    statistics = {}
    for u, x in z.items():
        std = x.std(0, correction=0).mean()
        statistics[f'std_{u}'] = std * x.size(1) ** 0.5
        statistics[f'positive_{u}'] = (x * zhat[u]).sum(1).mean()
        if bank is not None and len(bank[u]):
            mean = (x.mean(0) * bank[u].mean(0)).sum()
            statistics[f'negative_{u}'] = mean
    return statistics
