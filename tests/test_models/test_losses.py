import math

import pytest
import torch
import torch.nn.functional as F
from plain import plain_info_nce

from projects.ikem.models.losses import embedding_statistics, info_nce


def embeddings(n=5, k=16, d=8, dtype=torch.float64):
    return [
        F.normalize(torch.randn(size, d, dtype=dtype), dim=1)
        for size in (n, n, k)
    ]


def test_info_nce():
    z, zhat, bank = embeddings()
    z.requires_grad_()
    ours, plain = (f(z, zhat, bank, 0.07) for f in (info_nce, plain_info_nce))
    torch.testing.assert_close(ours, plain, rtol=1e-10, atol=1e-10)
    torch.testing.assert_close(
        *(torch.autograd.grad(x, z)[0] for x in (ours, plain))
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


def statistics(z, zhat, bank):
    values = embedding_statistics(
        dict(bone=z), dict(bone=zhat), dict(bone=bank)
    )
    return {name: value.item() for name, value in values.items()}


def test_embedding_statistics_against_a_naive_loop():
    z, zhat, bank = embeddings()
    values = statistics(z, zhat, bank)
    deviations = [z[:, d].numpy().std() for d in range(8)]
    assert values == pytest.approx(
        dict(
            std_bone=sum(deviations) / 8 * math.sqrt(8),
            positive_bone=sum(float(a @ b) for a, b in zip(z, zhat)) / 5,
            negative_bone=sum(float(a @ m) for a in z for m in bank) / 80,
        ),
        rel=1e-10,
    )


def test_embedding_statistics_of_even_and_of_collapsed_embeddings():
    even, *_ = embeddings(n=4096, d=64)
    values = statistics(even, even, even)
    assert values['std_bone'] == pytest.approx(1, abs=0.02)
    assert values['positive_bone'] == pytest.approx(1)
    assert values['negative_bone'] == pytest.approx(0, abs=0.02)
    point = even[:1].expand(8, -1)
    assert statistics(point, point, point) == pytest.approx(
        dict(std_bone=0, positive_bone=1, negative_bone=1), abs=1e-10
    )
    assert set(statistics(even, even, even[:0])) == {
        'std_bone',
        'positive_bone',
    }
