"""The exchange losses against the formulas, pair by pair."""

from itertools import combinations, permutations
from pathlib import Path

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from plain import plain_exchange, plain_info_nce

from projects.ikem.models import Embedded, ExplicitExchange
from projects.ikem.models.losses import (
    explicit_exchange,
    implicit_exchange,
    info_nce,
)
from projects.ikem.models.losses.bank_statistics import bank_statistics
from projects.ikem.models.memory_bank import MemoryBank
from projects.ikem.models.modalities import MODALITIES

RELEASED = Path(__file__).parents[1] / 'data/released_exchange.npz'

NAMES = ('joint', 'motion', 'bone', 'acceleration')
N, K, D, TAU = 5, 23, 8, 0.07


def unit(*shape):
    return F.normalize(torch.randn(*shape, dtype=torch.float64), dim=-1)


def inputs(n=N, k=K):
    z = {u: unit(n, D).requires_grad_() for u in NAMES}
    zhat = {u: unit(n, D) for u in NAMES}
    bank = {u: unit(k, D) for u in NAMES}
    return z, zhat, bank


@pytest.mark.parametrize('topk', [1, 3])
@pytest.mark.parametrize('context', [True, False])
@pytest.mark.parametrize('n', [N, 3])
def test_explicit_exchange(topk, context, n):
    z, zhat, bank = inputs(n)
    pairs = list(permutations(NAMES, 2))
    losses = explicit_exchange(z, zhat, bank, pairs, TAU, topk, context)
    naive = plain_exchange(z, zhat, bank, pairs, TAU, topk, context)
    torch.testing.assert_close(losses, naive, rtol=1e-10, atol=1e-10)
    weights = torch.rand(len(pairs), dtype=torch.float64)
    gradients = [
        torch.autograd.grad(
            (weights * torch.stack([loss[pair] for pair in pairs])).sum(),
            list(z.values()),
        )
        for loss in (losses, naive)
    ]
    torch.testing.assert_close(*gradients, rtol=1e-10, atol=1e-10)


def test_explicit_exchange_between_some_modalities():
    """Targets and sources need not be all pairs, nor of one width."""
    z, zhat, bank = inputs()
    z['wide'] = unit(N, 20).requires_grad_()
    zhat['wide'], bank['wide'] = unit(N, 20), unit(K, 20)
    pairs = [('wide', 'joint'), ('wide', 'bone')]
    losses = explicit_exchange(z, zhat, bank, pairs, TAU)
    assert list(losses) == pairs
    plain = plain_exchange(z, zhat, bank, pairs, TAU)
    torch.testing.assert_close(losses, plain)


def test_implicit_exchange():
    _, zhat, bank = inputs()
    d = D * len(NAMES)
    ztilde = {u: unit(N, d).requires_grad_() for u in NAMES}
    losses = implicit_exchange(ztilde, zhat, bank, TAU)
    keys, slots = (
        F.normalize(torch.cat(list(x.values()), 1)) for x in (zhat, bank)
    )
    for u in NAMES:
        naive = plain_info_nce(ztilde[u], keys, slots, TAU)
        torch.testing.assert_close(losses[u], naive, rtol=1e-10, atol=1e-10)
        torch.testing.assert_close(
            *(
                torch.autograd.grad(x, ztilde[u], retain_graph=True)[0]
                for x in (losses[u], naive)
            )
        )


@pytest.mark.parametrize('chunk_size', [1, 7, K, 100])
def test_chunks_do_not_matter(chunk_size):
    z, _, bank = inputs()
    z, bank = list(z.values()), list(bank.values())
    pairs = list(combinations(range(4), 2))
    whole = bank_statistics(z, bank, pairs, TAU, 3, chunk_size=1000)
    parts = bank_statistics(z, bank, pairs, TAU, 3, chunk_size=chunk_size)
    torch.testing.assert_close(parts.lse, whole.lse)
    torch.testing.assert_close(parts.lse_context, whole.lse_context)
    assert torch.equal(parts.top.sort().values, whole.top.sort().values)
    assert torch.equal(parts.top[..., 0], whole.top[..., 0])

    def gradients(x):
        return torch.autograd.grad(x.lse.sum() + x.lse_context.sin().sum(), z)

    torch.testing.assert_close(gradients(parts), gradients(whole))


def test_gradcheck():
    z, _, bank = inputs(n=2, k=5)
    bank = list(bank.values())[:2]

    def sums(*z):
        return bank_statistics(z, bank, [(0, 1)], 0.5, 1, chunk_size=2)[:2]

    assert torch.autograd.gradcheck(sums, list(z.values())[:2])


def test_an_empty_bank_leaves_the_own_key():
    z, zhat, bank = inputs()
    bank = {u: m[:0] for u, m in bank.items()}
    losses = explicit_exchange(z, zhat, bank, [('joint', 'bone')], TAU)
    assert losses['joint', 'bone'] == 0


def test_nothing_that_is_kept_grows_with_the_bank():
    """Neither similarities nor products are saved for the backward pass."""
    z, zhat, bank = inputs(k=5000)
    kept = []

    def keep(x):
        kept.append(x.numel())
        return x

    with torch.autograd.graph.saved_tensors_hooks(keep, lambda x: x):
        losses = explicit_exchange(z, zhat, bank, permutations(NAMES, 2), TAU)
        sum(losses.values())
    assert max(kept) < 5000


def test_in_bfloat16_the_similarities_stay_exact():
    z, zhat, bank = inputs()
    z, zhat, bank = (
        {u: x.detach().float() for u, x in y.items()} for y in (z, zhat, bank)
    )
    exact = explicit_exchange(z, zhat, bank, [('joint', 'bone')], TAU)
    with torch.autocast('cpu', torch.bfloat16):
        rounded = explicit_exchange(z, zhat, bank, [('joint', 'bone')], TAU)
    assert rounded['joint', 'bone'] == exact['joint', 'bone']


def test_a_step_of_the_released_code():
    """Losses and the bank after it, six modalities, in float64."""
    released = np.load(RELEASED)

    def read(kind):
        return {
            u: torch.from_numpy(released[f'{kind}/{u}']) for u in MODALITIES
        }

    def check(losses, kind):
        for u in MODALITIES:
            assert abs(losses[u].item() - released[f'{kind}/{u}']) < 1e-9

    z, zhat, ztilde = read('z'), read('zhat'), read('ztilde')
    channels = {u: x.size(1) for u, x in z.items()}
    bank = MemoryBank(channels, len(read('bank')['joint'])).double()
    for u, keys in read('bank').items():
        bank[u].copy_(keys)
    check({u: info_nce(z[u], zhat[u], bank[u]) for u in MODALITIES}, 'stage1')
    explicit = ExplicitExchange(channels, in_channels=1, temperature=0.07)
    losses = explicit(Embedded({}, z, key=zhat), bank)
    check({u: losses[f'loss_explicit_{u}'] for u in MODALITIES}, 'ekem')
    check(implicit_exchange(ztilde, zhat, bank), 'ikem')
    bank.enqueue(zhat)
    for u, keys in read('bank_after').items():
        torch.testing.assert_close(bank[u], keys, rtol=0, atol=1e-12)
