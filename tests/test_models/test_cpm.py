import math

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from tiny_models import THREE, build, modalities_of

from projects.ikem.models.losses import similarity_distribution


def embeddings(n=4, k=12, d=6):
    return [
        F.normalize(torch.randn(size, d, dtype=torch.float64), dim=-1)
        for size in (n, n, k)
    ]


def softmax(x):
    weights = [math.exp(y) for y in x]
    return [y / sum(weights) for y in weights]


def naive(z, zhat, bank, t_s, t_t, include_self, k, pel, most):
    losses, masses = [], []
    for a, key in zip(z.numpy(), zhat.numpy()):
        s = [a @ m for m in bank.numpy()]
        t = [key @ m for m in bank.numpy()]
        t = [-1 if most is not None and x > most else x for x in t]
        top = sorted(range(len(t)), key=lambda i: -t[i])[:k]
        if pel == 'raise':
            t = [1 if i in top else x for i, x in enumerate(t)]
        if include_self:
            s, t, top = [a @ key, *s], [1, *t], [i + 1 for i in top]
        p = softmax([x / t_s for x in s])
        target = softmax([x / t_t for x in t])
        loss = -sum(x * math.log(y) for x, y in zip(target, p))
        if pel == 'add' and k:
            loss -= sum(math.log(p[i]) for i in top) / len(top)
        losses.append(loss)
        masses.append(
            sum(target[i] for i in ([0] if include_self else []) + top)
        )
    return np.mean(losses), np.mean(masses)


@pytest.mark.parametrize('include_self', [True, False])
@pytest.mark.parametrize('k', [0, 3])
@pytest.mark.parametrize('pel', ['raise', 'add'])
@pytest.mark.parametrize('most', [None, 0.5])
def test_against_a_naive_loop(include_self, k, pel, most):
    z, zhat, bank = embeddings()
    ours = similarity_distribution(
        z, zhat, bank, 0.1, 0.05, include_self, k, pel, most
    )
    plain = naive(z, zhat, bank, 0.1, 0.05, include_self, k, pel, most)
    np.testing.assert_allclose(ours, plain, rtol=1e-10)


def test_equal_distributions_have_no_gradient():
    _, zhat, bank = embeddings()
    z = zhat.clone().requires_grad_()
    loss, _ = similarity_distribution(z, zhat, bank, 0.1, 0.1, False)
    (grad,) = torch.autograd.grad(loss, z)
    tangent = grad - (grad * zhat).sum(1, keepdim=True) * zhat
    assert tangent.abs().max() < 1e-14
    # and the loss is the entropy of the target, its minimum
    p = (zhat @ bank.T / 0.1).softmax(1)
    entropy = -(p * p.log()).sum(1).mean()
    torch.testing.assert_close(loss.detach(), entropy)


def test_a_cold_target_with_the_own_key_is_the_contrast():
    """Of SkeletonCLR, at the query's temperature."""
    z, zhat, bank = embeddings()
    loss, _ = similarity_distribution(z, zhat, bank, 0.1, 1e-3)
    logits = torch.cat([(z * zhat).sum(1, True), z @ bank.T], 1) / 0.1
    torch.testing.assert_close(
        loss, F.cross_entropy(logits, torch.zeros(4, dtype=torch.long))
    )


def test_the_share_of_the_positives():
    """Figures of a bank of 32768 at t = 0.05: with all other similarities at
    0.5 and k = 10 it is 0.88."""
    d = 3
    key = torch.eye(d, dtype=torch.float64)[:1]
    other = torch.tensor([0.5, 0.75**0.5, 0.0], dtype=torch.float64)
    bank = other.repeat(32768, 1)
    for k, share in {10: 0.88, 100: 0.99, 1000: 1.00}.items():
        _, mass = similarity_distribution(
            key, key, bank, key_temperature=0.05, positives=k
        )
        assert mass.item() == pytest.approx(share, abs=0.01)


def test_stages_and_what_is_logged():
    model = build('CPM', positives=4)
    model.set_progress(0, 2)
    first = model(modalities_of(model), mode='loss')
    model.set_progress(1, 2)
    second = model(modalities_of(model), mode='loss')
    assert set(second) - set(first) == {f'positive_mass_{u}' for u in THREE}
    for u in THREE:
        assert 0 < second[f'positive_mass_{u}'] <= 1


@pytest.mark.parametrize(
    'wrong, message',
    [
        (dict(pel='lower'), 'pel'),
        (dict(pel_begin=2.0), 'pel_begin'),
        (dict(positives=100), 'bank_size'),
        (dict(key_temperature=0), 'key_temperature'),
    ],
)
def test_errors(wrong, message):
    with pytest.raises(ValueError, match=message):
        build('CPM', **{'positives': 4, **wrong})
