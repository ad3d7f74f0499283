"""What the exchange losses need to know of the banks, in one pass."""

from typing import NamedTuple, Sequence, Tuple

import torch
from torch import Tensor


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
    chunk_size: int = 2048,
) -> BankStatistics:
    """Compare embeddings with their banks.

    The similarities are computed a chunk of slots at a time, for all inputs
    and pairs at once, and again in the backward pass: what is kept does not
    grow with the bank.

    Args:
        z (sequence[Tensor]): Embeddings, each of shape (N, D_i).
        banks (sequence[Tensor]): Their banks, each of shape (K, D_i), slots
            aligned, constants.
        pairs (sequence[tuple[int, int]]): Pairs (i, j) of inputs whose
            context product is wanted.
        temperature (float): Temperature t.
        k (int): Number of top slots, at most K are given.
        chunk_size (int): Slots at a time. Defaults to 2048.

    Returns:
        BankStatistics: The sums, with gradients to z, and the top slots.
    """
    lse, lse_context, top = _BankStatistics.apply(
        list(banks), list(pairs), temperature, k, chunk_size, *z
    )
    return BankStatistics(lse, lse_context, top)


class _BankStatistics(torch.autograd.Function):
    @staticmethod
    def forward(ctx, banks, pairs, temperature, k, chunk_size, *z):
        n, num_slots = len(z[0]), len(banks[0])
        lse = z[0].new_full((len(z), n), -torch.inf)
        lse_context = z[0].new_full((len(pairs), n), -torch.inf)
        best, top = [], []
        # one chunk, without slots, for an empty bank
        for start in range(0, max(num_slots, 1), chunk_size):
            s = _similarities(z, banks, start, chunk_size)
            lse = torch.logaddexp(lse, (s / temperature).logsumexp(-1))
            for p, (i, j) in enumerate(pairs):
                context = (s[i] * s[j]).div_(temperature).logsumexp(-1)
                lse_context[p] = torch.logaddexp(lse_context[p], context)
            values, slots = s.topk(min(k, s.size(-1)), dim=-1)
            best.append(values)
            top.append(slots + start)
        best, top = torch.cat(best, -1), torch.cat(top, -1)
        top = top.gather(-1, best.topk(min(k, num_slots), dim=-1).indices)
        ctx.mark_non_differentiable(top)
        ctx.banks, ctx.pairs = banks, pairs
        ctx.temperature, ctx.chunk_size = temperature, chunk_size
        ctx.save_for_backward(lse, lse_context, *z)
        return lse, lse_context, top

    @staticmethod
    def backward(ctx, grad_lse, grad_context, _):
        lse, lse_context, *z = ctx.saved_tensors
        t, num_slots = ctx.temperature, len(ctx.banks[0])
        grad_z = [
            torch.zeros_like(x) if needed else None
            for x, needed in zip(z, ctx.needs_input_grad[5:])
        ]
        for start in range(0, num_slots, ctx.chunk_size):
            s = _similarities(z, ctx.banks, start, ctx.chunk_size)
            grad_s = (s / t).sub_(lse[..., None]).exp_()
            grad_s *= grad_lse[..., None] / t
            for p, (i, j) in enumerate(ctx.pairs):
                weight = (s[i] * s[j]).div_(t).sub_(lse_context[p, :, None])
                weight = weight.exp_().mul_(grad_context[p, :, None] / t)
                grad_s[i].addcmul_(weight, s[j])
                grad_s[j].addcmul_(weight, s[i])
            for x, g, bank in zip(grad_z, grad_s, ctx.banks):
                if x is not None:
                    x.addmm_(g, bank[start : start + ctx.chunk_size])
        return (None, None, None, None, None, *grad_z)


def _similarities(
    z: Sequence[Tensor], banks: Sequence[Tensor], start: int, size: int
) -> Tensor:
    """Similarities with a chunk of the slots, of shape (I, N, chunk)."""
    with torch.autocast(z[0].device.type, enabled=False):
        return torch.stack(
            [x @ bank[start : start + size].T for x, bank in zip(z, banks)]
        )
