"""Sums over the banks that the exchange losses need, in one pass."""

from collections import defaultdict
from typing import List, NamedTuple, Sequence, Tuple

import torch
from torch import Tensor

from ..stacking import as_rows, constant, take_rows


class BankStatistics(NamedTuple):
    """Similarities ``s_i = z_i m_i^T`` of shape (N, K), summed up.

    Attributes:
        lse (Tensor): ``log sum_k exp(s_ik / t)`` of each input, of shape
            (I, N).
        lse_context (Tensor): ``log sum_k exp(s_ik s_jk / t)`` of each pair,
            of shape (P, N).
        top (Tensor): Slots of the k largest similarities of each input, of
            shape (I, N, k).
    """

    lse: Tensor
    lse_context: Tensor
    top: Tensor


def bank_statistics(
    z: Sequence[Tensor],
    banks: Sequence[Tensor],
    pairs: Sequence[Tuple[int, int]],
    temperature: float,
    k: int,
    chunk_size: int = 16384,
) -> BankStatistics:
    """Compare embeddings with their banks.

    The similarities are computed a chunk of slots at a time, for all inputs
    and pairs at once, and again in the backward pass: the memory that is kept
    does not grow with the bank.

    Args:
        z (sequence[Tensor]): Embeddings, each of shape (N, D_i).
        banks (sequence[Tensor]): Their banks, each of shape (K, D_i), slots
            aligned, constants.
        pairs (sequence[tuple[int, int]]): Pairs (i, j) of inputs whose
            context product is wanted.
        temperature (float): Temperature t.
        k (int): Number of top slots, at most K are given.
        chunk_size (int): Slots at a time. Defaults to 16384.

    Returns:
        BankStatistics: The sums, with gradients to z, and the top slots.
    """
    lse, lse_context, top = _BankStatistics.apply(
        list(banks), list(pairs), temperature, k, chunk_size, *z
    )
    return BankStatistics(lse, lse_context, top)


class _BankStatistics(torch.autograd.Function):
    @staticmethod
    def forward(ctx, banks, pairs, t, k, chunk_size, *z):
        groups = _groups(z)
        banks = [as_rows([banks[i] for i in group]) for group in groups]
        z = [torch.stack([z[i] for i in group]) for group in groups]
        num_slots, n = banks[0].size(1), z[0].size(1)
        sums, contexts, best, top = [], [], [], []
        # one chunk, without slots, for an empty bank
        for start in range(0, max(num_slots, 1), chunk_size):
            s = _similarities(z, banks, groups, start, chunk_size)
            values, slots = s.topk(min(k, s.size(-1)), dim=-1)
            best.append(values)
            top.append(slots + start)
            if pairs:
                contexts.append(_products(s, pairs, t).logsumexp(-1))
            sums.append(s.div_(t).logsumexp(-1))
        lse = torch.stack(sums).logsumexp(0)
        lse_context = lse.new_empty(0, n)
        if pairs:
            lse_context = torch.stack(contexts).logsumexp(0)
        best, top = torch.cat(best, -1), torch.cat(top, -1)
        top = top.gather(-1, best.topk(min(k, num_slots), dim=-1).indices)
        ctx.mark_non_differentiable(top)
        ctx.banks, ctx.groups, ctx.pairs = banks, groups, pairs
        ctx.t, ctx.chunk_size = t, chunk_size
        ctx.save_for_backward(lse, lse_context, *z)
        return lse, lse_context, top

    @staticmethod
    def backward(ctx, grad_lse, grad_context, _):
        lse, lse_context, *z = ctx.saved_tensors
        t, groups, pairs = ctx.t, ctx.groups, ctx.pairs
        needed = ctx.needs_input_grad[5:]
        grads = [
            torch.zeros_like(x) if any(needed[i] for i in group) else None
            for x, group in zip(z, groups)
        ]
        factor, context_factor = (
            (grad / t)[..., None] for grad in (grad_lse, grad_context)
        )
        for start in range(0, ctx.banks[0].size(1), ctx.chunk_size):
            s = _similarities(z, ctx.banks, groups, start, ctx.chunk_size)
            grad_s = (s / t).sub_(lse[..., None]).exp_().mul_(factor)
            if pairs:
                weight = _products(s, pairs, t).sub_(lse_context[..., None])
                weight = weight.exp_().mul_(context_factor)
            for inputs, of_pair, others in _partners(pairs, needed):
                of_pair, others = (
                    constant(x, s.device) for x in (of_pair, others)
                )
                product = weight.index_select(0, of_pair)
                product.mul_(s.index_select(0, others))
                product = product.unflatten(0, (len(inputs), -1)).sum(1)
                grad_s.index_add_(0, constant(inputs, s.device), product)
            for grad, bank, group in zip(grads, ctx.banks, groups):
                if grad is not None:
                    chunk = bank[:, start : start + ctx.chunk_size]
                    grad.baddbmm_(take_rows(grad_s, group), chunk)
        rows = {
            i: row
            for grad, group in zip(grads, groups)
            if grad is not None
            for i, row in zip(group, grad)
        }
        by_input = [rows.get(i) for i in range(len(needed))]
        return (None, None, None, None, None, *by_input)


def _groups(z: Sequence[Tensor]) -> List[List[int]]:
    """Inputs of one width each."""
    groups = defaultdict(list)
    for i, x in enumerate(z):
        groups[x.size(1)].append(i)
    return list(groups.values())


def _partners(
    pairs: Sequence[Tuple[int, int]], needed: Sequence[bool]
) -> List[Tuple[List[int], List[int], List[int]]]:
    """Inputs with as many partners each, then by input and partner the number
    of the pair and the partner."""
    of_input = defaultdict(list)
    for number, (i, j) in enumerate(pairs):
        of_input[i].append((number, j))
        of_input[j].append((number, i))
    by_count = defaultdict(list)
    for i, partners in of_input.items():
        if needed[i]:
            by_count[len(partners)].append(i)
    return [
        (
            inputs,
            [number for i in inputs for number, _ in of_input[i]],
            [other for i in inputs for _, other in of_input[i]],
        )
        for inputs in by_count.values()
    ]


def _similarities(
    z: Sequence[Tensor],
    banks: Sequence[Tensor],
    groups: Sequence[Sequence[int]],
    start: int,
    size: int,
) -> Tensor:
    """Similarities with a chunk of the slots, of shape (I, N, chunk)."""
    with torch.autocast(z[0].device.type, enabled=False):
        s = [
            torch.bmm(x, bank[:, start : start + size].transpose(1, 2))
            for x, bank in zip(z, banks)
        ]
    if len(s) == 1:
        return s[0]
    order = [i for group in groups for i in group]
    back = sorted(range(len(order)), key=order.__getitem__)
    return take_rows(torch.cat(s), back)


def _products(s: Tensor, pairs: Sequence[Tuple[int, int]], t: float) -> Tensor:
    """``s_i s_j / t`` of each pair, of shape (P, N, chunk)."""
    left, right = (constant(side, s.device) for side in zip(*pairs))
    product = s.index_select(0, left)
    return product.mul_(s.index_select(0, right)).div_(t)
