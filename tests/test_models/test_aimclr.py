import math

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from tiny_models import THREE, batch, build, modalities_of, sgd

from projects.ikem.models.attention_drop import attention, drop_attended
from projects.ikem.models.encoder import pool
from projects.ikem.models.losses import aimclr, info_nce


def test_attention_and_drop_against_a_naive_loop():
    maps = torch.randn(3, 2, 4, 7, 2, 5, dtype=torch.float64)
    maps[2, 1] = 0  # an absent person
    ours, dropped = attention(maps), maps * drop_attended(maps)
    assert (ours[2, 1] == torch.sigmoid(torch.tensor(0.5).double())).all()
    for u in range(2):
        x = maps[..., u, :].flatten(0, 1).numpy()  # (6, 4, 7, 5)
        a = np.zeros_like(x)
        for n, c in np.ndindex(6, 5):
            d = (x[n, ..., c] - x[n, ..., c].mean()) ** 2
            energy = d / (4 * (d.sum() / (4 * 7 - 1) + 1e-4)) + 0.5
            a[n, ..., c] = 1 / (1 + np.exp(-energy))
        np.testing.assert_allclose(
            ours[..., u, :].flatten(0, 1), a, rtol=1e-12
        )
        joints = a.mean((1, 3)) < 0.7  # (6, 7)
        elements = a < 0.7
        assert 0 < joints.mean() <= 1 and 0 < elements.mean() < 1
        out = x * joints[:, None, :, None] * (joints.size / joints.sum())
        out = out * elements * (elements.size / elements.sum())
        np.testing.assert_allclose(
            dropped[..., u, :].flatten(0, 1), out, rtol=1e-12
        )


def test_no_gradient_passes_through_the_attention():
    maps = torch.randn(2, 1, 4, 5, 1, 3, requires_grad=True)
    weight = drop_attended(maps)
    (grad,) = torch.autograd.grad((maps * weight).sum(), maps)
    assert torch.equal(grad, weight)


def test_a_map_of_which_all_is_dropped():
    maps = torch.randn(2, 1, 4, 5, 1, 3)
    assert not drop_attended(maps, threshold=0.5).any()


def naive(z, extreme, dropped, zhat, bank, t, k):
    """Of one modality: contrast and both distribution losses."""
    losses = []
    for n in range(len(z)):
        p = {}
        for name, a in dict(z=z, e=extreme, d=dropped).items():
            s = [float(a[n] @ zhat[n]), *(float(a[n] @ m) for m in bank)]
            weights = [math.exp(x / t) for x in s]
            p[name] = [x / sum(weights) for x in weights]
        positives = {0}
        for q in p.values():
            order = sorted(range(1, len(q)), key=lambda i: -q[i])
            positives |= set(order[:k])
        contrast = [-math.log(p['z'][i]) for i in positives]
        losses.append(
            [
                sum(contrast) / len(contrast),
                *(
                    -sum(x * math.log(y) for x, y in zip(p['z'], p[name]))
                    for name in 'ed'
                ),
            ]
        )
    return np.mean(losses, 0)


def embeddings(modalities=2, n=4, k=12, d=6):
    return [
        F.normalize(
            torch.randn(modalities, size, d, dtype=torch.float64), dim=-1
        )
        for size in (n, n, n, n, k)
    ]


@pytest.mark.parametrize('k', [0, 1, 3, 50])
def test_losses_against_a_naive_loop(k):
    x = embeddings()
    ours = aimclr(*x, temperature=0.1, neighbours=k)
    for u in range(2):
        plain = naive(*(y[u] for y in x), 0.1, k)
        np.testing.assert_allclose([y[u] for y in ours], plain, rtol=1e-10)


def test_without_neighbours_it_is_info_nce():
    x = embeddings()
    contrast, *_ = aimclr(*x)
    torch.testing.assert_close(contrast, info_nce(x[0], x[3], x[4]))


def test_gradients():
    z, *views, zhat, bank = embeddings(1)
    leaves = [y.clone().requires_grad_() for y in (z, *views)]

    def losses(*leaves):
        return torch.stack(aimclr(*leaves, zhat, bank, 0.3, 2))

    # the distribution of the normal view is a constant
    for i, alone in enumerate(([0], [1], [2])):
        grads = torch.autograd.grad(
            losses(*leaves)[i].sum(), leaves, allow_unused=True
        )
        touched = [j for j, g in enumerate(grads) if g.abs().max() > 0]
        assert touched == alone
    for i in range(3):

        def of_view(x, i=i):
            return losses(*leaves[:i], x, *leaves[i + 1 :])[i]

        assert torch.autograd.gradcheck(of_view, leaves[i])


def test_shared_neighbours():
    """Each modality has the positives of all; slots are aligned."""
    x = embeddings()
    z, zhat, bank = x[0], x[3], x[4]
    contrast, *_ = aimclr(*x, 0.07, 1, shared=True)
    logits = torch.cat([(z * zhat).sum(-1, True), z @ bank.mT], -1) / 0.07
    log_p = logits.log_softmax(-1)
    slots = [
        sorted(
            {0}
            | {
                1 + int((y[v, n] @ bank[v].T).argmax())
                for v in range(2)
                for y in x[:3]
            }
        )
        for n in range(4)
    ]
    for u in range(2):
        expected = [-log_p[u, n, s].mean() for n, s in enumerate(slots)]
        torch.testing.assert_close(contrast[u], torch.stack(expected).mean())


def test_a_step_is_the_one_of_the_method():
    """Views in their order, two passes of the query, banks as they were."""
    model = build('AimCLR', momentum=0.9).double().eval()
    model.set_progress(1, 2)
    inputs = modalities_of(model, views=3)
    inputs = {u: x.double() for u, x in inputs.items()}
    banks = {u: model.bank[u].clone() for u in THREE}
    losses = model(inputs, mode='loss')
    for u in THREE:
        extreme, query, target = inputs[u].unbind(1)
        encoder, key = model.query[u], model.key[u]
        maps = encoder.backbone(extreme)
        drop = drop_attended(maps.movedim(2, -1)[..., None, :])
        drop = drop.squeeze(-2).movedim(-1, 2)
        z = [
            encoder(query),
            encoder.neck(pool(maps)),
            encoder.neck(pool(maps, drop)),
        ]
        x = [F.normalize(y, dim=1)[None] for y in (*z, key(target))]
        contrast, *follow = aimclr(*x, banks[u][None], 0.07, 1)
        torch.testing.assert_close(losses[f'loss_{u}'], contrast[0])
        for name, loss in zip(('extreme', 'dropped'), follow):
            torch.testing.assert_close(losses[f'loss_{name}_{u}'], loss[0] / 2)
        torch.testing.assert_close(model.bank[u][:3], x[3][0])


def test_stages():
    model = build('AimCLR', exchanges=['ExplicitExchange'])
    model.set_progress(0, 2)
    first = model(modalities_of(model, views=3), mode='loss')
    assert not model.mining
    model.set_progress(1, 2)
    assert model.mining
    second = model(modalities_of(model, views=3), mode='loss')
    added = {f'loss_explicit_{u}' for u in THREE}
    assert set(second) == set(first) | added  # beside its own losses


def test_errors():
    with pytest.raises(ValueError, match='mining_begin'):
        build('AimCLR', mining_begin=1.5)
    with pytest.raises(ValueError, match='neighbours'):
        build('AimCLR', neighbours=0)
    with pytest.raises(ValueError, match='bank_size'):
        build('AimCLR', neighbours=11)
    with pytest.raises(ValueError, match='distribution_weight'):
        build('AimCLR', distribution_weight=-0.5)
    model = build('AimCLR')
    with pytest.raises(ValueError, match='3 views'):
        model.train_step(batch(), sgd(model))
