import math

import pytest
import torch
import torch.nn.functional as F

from projects.ikem.models.losses import info_nce


def embeddings(n=5, k=16, d=8, dtype=torch.float64):
    return [
        F.normalize(torch.randn(size, d, dtype=dtype), dim=1)
        for size in (n, n, k)
    ]


def test_info_nce_against_a_naive_loop():
    z, zhat, bank = embeddings()
    z.requires_grad_()
    tau, losses = 0.07, []
    for n in range(5):
        positive = torch.exp(z[n] @ zhat[n] / tau)
        negatives = sum(torch.exp(z[n] @ m / tau) for m in bank)
        losses.append(-torch.log(positive / (positive + negatives)))
    naive = sum(losses) / 5
    loss = info_nce(z, zhat, bank, tau)
    torch.testing.assert_close(loss, naive, rtol=1e-10, atol=1e-10)
    torch.testing.assert_close(
        *(torch.autograd.grad(x, z)[0] for x in (loss, naive))
    )


def test_info_nce_is_cross_entropy():
    z, zhat, bank = embeddings()
    logits = torch.cat([(z * zhat).sum(1, keepdim=True), z @ bank.T], 1)
    torch.testing.assert_close(
        info_nce(z, zhat, bank, 0.1),
        F.cross_entropy(logits / 0.1, torch.zeros(5, dtype=torch.long)),
    )


@pytest.mark.parametrize('k', [1, 100])
def test_equal_similarities_give_the_logarithm_of_the_choices(k):
    z = F.normalize(torch.ones(3, 4), dim=1)
    loss = info_nce(z, z, z[:1].repeat(k, 1))
    assert math.isclose(loss.item(), math.log(1 + k), rel_tol=1e-5)


def test_an_empty_bank_costs_nothing():
    z, zhat, bank = embeddings()
    z.requires_grad_()
    loss = info_nce(z, zhat, bank[:0])
    loss.backward()
    assert loss == 0 and not z.grad.any()


def test_similarities_stay_in_float32_under_autocast():
    z, zhat, bank = embeddings(dtype=torch.float32)
    with torch.autocast('cpu', torch.bfloat16):
        loss = info_nce(z, zhat, bank)
    assert loss.dtype == torch.float32
    assert loss == info_nce(z, zhat, bank)
