"""The losses as pure functions of embeddings.

Names follow the paper: z (N, D) are query embeddings, zhat (N, D) the key
embeddings of the same clips, bank (K, D) the keys of earlier clips; all have
unit length.  Everything is computed in (at least) float32, since autocast
would round similarities, which the temperature then magnifies.  Modalities of
one width are computed together.
"""

from collections import defaultdict
from functools import wraps
from typing import (
    Any,
    Callable,
    Dict,
    Hashable,
    Iterable,
    List,
    Mapping,
    Optional,
    Tuple,
)

import torch
import torch.nn.functional as F
from torch import Tensor

from ..stacking import as_rows, constant, take_rows
from .bank_statistics import bank_statistics


def without_autocast(function: Callable) -> Callable:
    """Let a loss compute in the precision of its embeddings."""

    @wraps(function)
    def loss(z, *args, **kwargs):
        x = z if isinstance(z, Tensor) else next(iter(z.values()))
        with torch.autocast(x.device.type, enabled=False):
            return function(z, *args, **kwargs)

    return loss


@without_autocast
def info_nce(
    z: Tensor, zhat: Tensor, bank: Tensor, temperature: float = 0.07
) -> Tensor:
    """InfoNCE with a memory bank of negatives, the loss of the first stage.

    ``-log exp(z.zhat/t) / (exp(z.zhat/t) + sum_i exp(z.m_i/t))``

    Args:
        z (Tensor): Query embeddings of shape (..., N, D).
        zhat (Tensor): Key embeddings of shape (..., N, D), constants.
        bank (Tensor): Negatives of shape (..., K, D), constants.
        temperature (float): Temperature. Defaults to 0.07.

    Returns:
        Tensor: The mean over the batch, of shape (...).
    """
    positive = (z * zhat).sum(-1) / temperature  # (..., N)
    negatives = z @ bank.transpose(-2, -1) / temperature  # (..., N, K)
    total = torch.logaddexp(positive, negatives.logsumexp(-1))
    return (total - positive).mean(-1)


def contrast(
    z: Mapping[str, Tensor],
    zhat: Mapping[str, Tensor],
    bank: Mapping[str, Tensor],
    temperature: float = 0.07,
) -> Dict[str, Tensor]:
    """:func:`info_nce` of each modality, each with its own bank.

    Args:
        z (mapping[str, Tensor]): Query embeddings of shape (N, D_u).
        zhat (mapping[str, Tensor]): Key embeddings of shape (N, D_u).
        bank (mapping[str, Tensor]): Negatives of shape (K, D_u).
        temperature (float): Temperature. Defaults to 0.07.

    Returns:
        dict[str, Tensor]: Mean loss over the batch by modality.
    """
    return by_width(info_nce, z, zhat, bank, temperature=temperature)


def by_width(
    function: Callable, *inputs: Mapping[str, Tensor], **options
) -> Dict[str, Any]:
    """Values of a function of each modality, computed for all modalities of
    one width together.

    Args:
        function (callable): Takes the inputs stacked over modalities, of
            shape (U, ...), and the options; returns a tensor of shape (U,
            ...), or a tuple of such.
        *inputs (mapping[str, Tensor]): Its inputs by modality, embeddings
            (N, D_u) or banks (K, D_u), the first one embeddings.
        **options: Its options.

    Returns:
        dict[str, Any]: The value, or the tuple of values, by modality.
    """
    values = {}
    for names in _of_one_width(inputs[0]):
        rows = (as_rows([x[u] for u in names]) for x in inputs)
        value = function(*rows, **options)
        if isinstance(value, Tensor):
            values.update(zip(names, value.unbind()))
        else:
            columns = [x.unbind() for x in value]
            values.update(zip(names, zip(*columns)))
    return {u: values[u] for u in inputs[0]}


Pair = Tuple[Hashable, Hashable]


@without_autocast
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
    index = {u: i for i, u in enumerate(names)}
    products = sorted({tuple(sorted(pair)) for pair in pairs if context})
    statistics = bank_statistics(
        [z[u] for u in names],
        [bank[u] for u in names],
        [(index[u], index[v]) for u, v in products],
        temperature,
        topk,
    )
    device = statistics.top.device
    # similarities of the sources in their own top slots, (I, N, k)
    at_top = _similarities_at_top(z, bank, statistics.top) if context else None
    losses = {}
    for targets, sources in _grids(pairs, z):  # T targets, S sources each
        shape = (len(targets), len(sources[0]))
        flat = [index[v] for row in sources for v in row]
        z_t = torch.stack([z[u] for u in targets])  # (T, N, D)
        own = (z_t * as_rows([zhat[u] for u in targets])).sum(-1)  # (T, N)
        top = statistics.top.index_select(0, constant(flat, device))
        top = top.unflatten(0, shape)  # (T, S, N, k)
        rows = constant(range(len(targets)), device).view(-1, 1, 1, 1)
        neighbours = as_rows([bank[u] for u in targets])[rows, top]
        s = (z_t[:, None, :, None] * neighbours).sum(-1)  # (T, S, N, k)
        own = own[:, None].expand(*shape, -1)
        positives, sums = [own[..., None]], [own / temperature]
        if form == 'release':
            positives.append(s)
            lse = take_rows(statistics.lse, [index[u] for u in targets])
            sums.append(lse[:, None].expand_as(own))
        if context:
            chosen = _one_hot(flat, len(names), at_top) @ at_top.flatten(1)
            positives.append(s * chosen.view_as(s))
            number = {pair: i for i, pair in enumerate(products)}
            numbers = [
                number[tuple(sorted((u, v)))]
                for u, row in zip(targets, sources)
                for v in row
            ]
            lse_context = statistics.lse_context.index_select(
                0, constant(numbers, device)
            )
            sums.append(lse_context.unflatten(0, shape))
        positives = torch.cat(positives, -1) / temperature
        total = torch.stack(sums).logsumexp(0)
        positive = (
            positives.mean(-1)
            if form == 'release'
            else positives.logsumexp(-1)
        )
        loss = (total - positive).mean(-1).flatten().unbind()
        names_of = [(u, v) for u, row in zip(targets, sources) for v in row]
        losses.update(zip(names_of, loss))
    return {pair: losses[pair] for pair in pairs}


def mean_over_sources(losses: Mapping[Pair, Tensor]) -> Dict[Hashable, Tensor]:
    """Losses ``L_u``, the average over the sources v of ``L_{u<-v}``."""
    by_target = defaultdict(list)
    for (u, _), loss in losses.items():
        by_target[u].append(loss)
    if len({len(row) for row in by_target.values()}) > 1:
        return {u: torch.stack(row).mean() for u, row in by_target.items()}
    rows = torch.stack([loss for row in by_target.values() for loss in row])
    means = rows.view(len(by_target), -1).mean(1)
    return dict(zip(by_target, means.unbind()))


def _grids(
    pairs: Iterable[Pair], z: Mapping[Hashable, Tensor]
) -> List[Tuple[List[Hashable], List[List[Hashable]]]]:
    """Targets of one width with as many sources each, and their sources."""
    sources = defaultdict(list)
    for u, v in pairs:
        sources[u].append(v)
    grids = defaultdict(list)
    for u, row in sources.items():
        grids[len(row), z[u].shape].append(u)
    return [(us, [sources[u] for u in us]) for us in grids.values()]


def _similarities_at_top(
    z: Mapping[Hashable, Tensor], bank: Mapping[Hashable, Tensor], top: Tensor
) -> Tensor:
    """s^v of each input in its own top slots, of shape (I, N, k)."""
    names = list(z)
    s = {}
    for group in _of_one_width(z):
        x = as_rows([z[v] for v in group])[:, :, None]  # (G, N, 1, D)
        slots = take_rows(top, [names.index(v) for v in group])
        rows = constant(range(len(group)), top.device).view(-1, 1, 1)
        neighbours = as_rows([bank[v] for v in group])[rows, slots]
        s.update(zip(group, (x * neighbours).sum(-1).unbind()))
    return torch.stack([s[v] for v in names])


def _one_hot(rows: List[int], size: int, like: Tensor) -> Tensor:
    """Matrix that takes rows; its gradient is summed in one order."""
    one_hot = [[float(i == row) for i in range(size)] for row in rows]
    return constant(one_hot, like.device, like.dtype)


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
    z = torch.stack(list(ztilde.values()))
    losses = info_nce(z, zhat_c, bank_c, temperature)
    return dict(zip(ztilde, losses.unbind()))


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
    for names in _of_one_width(z):
        x, key = (as_rows([y[u].detach() for u in names]) for y in (z, zhat))
        std = x.std(1, correction=0).mean(1) * x.size(2) ** 0.5
        values = dict(std=std, positive=(x * key).sum(2).mean(1))
        if bank is not None and len(bank[names[0]]):
            keys = as_rows([bank[u] for u in names])
            values['negative'] = (x.mean(1) * keys.mean(1)).sum(1)
        for kind, value in values.items():
            for u, number in zip(names, value.unbind()):
                statistics[f'{kind}_{u}'] = number
    return statistics


def _of_one_width(z: Mapping[str, Tensor]) -> Iterable[List[str]]:
    names = defaultdict(list)
    for u, x in z.items():
        names[x.shape].append(u)
    return names.values()
