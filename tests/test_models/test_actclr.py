import numpy as np
import pytest
import tiny_models
import torch
import torch.nn.functional as F
from helpers import ACTCLR, AIMCLR, tiny
from mmengine.runner import Runner
from mmengine.runner.checkpoint import load_state_dict
from tiny_models import THREE, batch, build, modalities_of, sgd

from projects.ikem.checkpoint import read_checkpoint
from projects.ikem.models.actionlet import (
    actionlet,
    dissimilarity_gradient,
    masked_pool,
    same_part,
)
from projects.ikem.models.batch_functions import (
    compose,
    mixed_keys,
    swapped_weights,
)
from projects.ikem.models.data_preprocessor import JOINTS, TIME_SCALE
from projects.ikem.models.encoder import pool, pool_stack
from projects.ikem.models.losses import actclr, distribution_exchange

N, M, D, t, V, U = 3, 2, 6, 4, 7, 2
PARTS = [(0, 2), (1, 3, 4), (5,)]  # joint 6 is in none


def unit(*shape):
    return F.normalize(torch.randn(shape, dtype=torch.float64), dim=-1)


@pytest.fixture
def maps():
    return torch.randn(N, M, t, V, U, D, dtype=torch.float64)


@pytest.fixture
def projector():
    layer = torch.nn.Linear(D, 5, dtype=torch.float64)
    return lambda f: {u: layer(x).tanh() for u, x in f.items()}


def test_gradient_of_the_dissimilarity(maps, projector):
    """With respect to the maps themselves it is the same in every cell."""
    anchors = {u: torch.randn(1, 5, dtype=torch.float64) for u in 'ab'}

    def features(maps):
        return dict(zip('ab', pool_stack(maps).unbind(1)))

    with torch.no_grad():
        gradient = dissimilarity_gradient(features(maps), projector, anchors)
    x = maps.clone().requires_grad_()
    z = projector(features(x))
    cosines = [
        (z[u] * anchors[u]).sum(1) / z[u].norm(dim=1) / anchors[u].norm()
        for u in 'ab'
    ]
    plain, *_ = torch.autograd.grad(sum(1 - c.mean() for c in cosines), x)
    expected = gradient[:, None, None, None] / (M * t * V)
    torch.testing.assert_close(plain, expected.expand_as(plain))


@pytest.mark.parametrize('size', [1, 1e-7])
def test_actionlet_against_a_naive_loop(maps, size):
    gradient = size * torch.randn(N, U, D, dtype=torch.float64)
    A = actionlet(maps, gradient, same_part(PARTS, V))
    F_, g = maps.numpy(), gradient.numpy() / (M * t * V)
    for n, u, m, row in np.ndindex(N, U, M, t):
        h = [
            max(0, sum(g[n, u] * F_[n, m, row, v, u]) / D) / 1e-8
            for v in range(V)
        ]
        for part in [*PARTS, (6,)]:
            mean = min(1, sum(h[v] for v in part) / len(part))
            for v in part:
                assert A[n, u, m, row, v] == pytest.approx(mean, rel=1e-9)
    between = (A > 0) & (A < 1)
    assert between.double().mean() < 0.05 if size == 1 else between.any()


def test_masked_pool_against_a_naive_loop(maps):
    A = torch.rand(N, U, M, t, V, dtype=torch.float64)
    f = masked_pool(maps, A)
    for n, u, c in np.ndindex(N, U, D):
        means = [
            (maps[n, m, :, :, u, c] * A[n, u, m]).sum()
            / (A[n, u, m].sum() + 1e-5)
            for m in range(M)
        ]
        torch.testing.assert_close(f[n, u, c], sum(means) / M)
    assert not masked_pool(maps, torch.zeros_like(A)).any()


def naive_divergence(z, bank, zhat, bank_of_key, topk, squared=True):
    """Of the embedding of one clip; in the slots nearest to the key."""
    s = [float(zhat @ m) for m in bank_of_key]
    s = [-1 if x > 0.95 else x for x in s]
    top = sorted(range(len(s)), key=lambda i: -s[i])[:topk]
    r = [float(z @ bank[i]) for i in top]
    p = np.exp([s[i] / 0.04 for i in top])
    q = np.exp([(x**2 if squared else x) / 0.1 for x in r])
    p, q = p / p.sum(), q / q.sum()
    return sum(p * (np.log(p) - np.log(q)))


@pytest.mark.parametrize('squared', [True, False])
@pytest.mark.parametrize('topk', [5, 100])
def test_losses_against_a_naive_loop(topk, squared):
    U, K = 2, 12
    *z, zhat, mixed = (unit(U, N, D) for _ in range(5))
    bank = unit(U, K, D)
    bank[:, 3] = zhat[:, 0]  # older keys of the clip itself
    terms = actclr(*z, zhat, mixed, bank, topk=topk, squared=squared)
    for term, x, key in zip(terms, z, (zhat, zhat, mixed)):
        for u in range(U):
            naive = [
                naive_divergence(x[u, n], bank[u], key[u, n], bank[u], topk)
                if squared
                else naive_divergence(
                    x[u, n], bank[u], key[u, n], bank[u], topk, False
                )
                for n in range(N)
            ]
            assert term[u].item() == pytest.approx(np.mean(naive), rel=1e-9)


def test_gradients_of_the_losses():
    *z, zhat, mixed = (unit(1, N, D) for _ in range(5))
    bank = unit(1, 8, D)
    z = [x.requires_grad_() for x in z]
    assert torch.autograd.gradcheck(
        lambda *z: sum(actclr(*z, zhat, mixed, bank, topk=4)), z
    )
    # the own distribution, without the square, is the minimum
    key = zhat.clone().requires_grad_()
    loss, *_ = actclr(
        key,
        *z[1:],
        zhat,
        mixed,
        bank,
        query_temperature=0.1,
        squared=False,
        temperature=0.1,
    )
    (grad,) = torch.autograd.grad(loss.sum(), key)
    assert loss.abs().max() < 1e-14 and grad.abs().max() < 1e-14


def test_exchange_against_a_naive_loop():
    U, K = 3, 12
    z, zhat, bank = unit(U, N, D), unit(U, N, D), unit(U, K, D)
    losses = distribution_exchange(z, zhat, bank, topk=5)
    for u in range(U):
        naive = [
            naive_divergence(z[u, n], bank[u], zhat[v, n], bank[v], 5)
            for v in range(U)
            if v != u
            for n in range(N)
        ]
        assert losses[u].item() == pytest.approx(np.mean(naive), rel=1e-9)


@pytest.mark.parametrize('late', [False, True])
@pytest.mark.parametrize('mixed_from', ['transferred', 'plain'])
def test_a_step_is_the_one_of_the_method(late, mixed_from):
    torch.manual_seed(0)
    model = build('ActCLR', momentum=0.9, mixed_from=mixed_from, topk=6)
    for p in model.parameters():
        p.data += 0.1 * torch.randn_like(p)
    model = model.double().eval()
    model.set_progress(200 if late else 0, 300)
    inputs = modalities_of(model, n=4, t=24, views=4)
    inputs = {u: x.double() for u, x in inputs.items()}
    banks = {u: model.bank[u].clone() for u in THREE}
    torch.manual_seed(1)
    losses = model(inputs, mode='loss')

    torch.manual_seed(1)  # transfer, its swap, the swap of the third term
    joints, gamma = inputs[JOINTS][:, 2], inputs[TIME_SCALE][:, 2]
    moved = model.transfer(joints, model.transfer.draw(4))
    early_or_late = model.late_swap if late else model.swap
    swapped = early_or_late(moved, early_or_late.draw(4, 24)).x
    draw = model.swap.draw(4, 24)
    source = moved if mixed_from == 'transferred' else joints
    mixed, taken, lent = model.swap(source, draw)
    moved, swapped, mixed = (
        model.data_preprocessor.derive(x, gamma)
        for x in (moved, swapped, mixed)
    )
    for u in THREE:
        strong, query, weak, target = inputs[u].unbind(1)
        q, k = model.query[u], model.key[u]
        anchor = {u: k(target.mean(0, keepdim=True))}

        def mask(encoder, view, anchor=anchor, u=u):
            F_ = encoder.backbone(view)
            gradient = dissimilarity_gradient(
                {u: pool(F_)}, lambda f: {u: encoder.neck(f[u])}, anchor
            )
            F_ = F_.movedim(2, -1)[..., None, :]
            return F_, actionlet(F_, gradient, model.same_part)

        F_, A = mask(k, target)
        whole, masked = pool_stack(F_)[:, 0], masked_pool(F_, A)[:, 0]
        key = F.normalize(k.neck(whole) / 2 + k.neck(masked) / 2, dim=1)
        A, A_weak = mask(q, query)[1][:, 0], mask(q, weak)[1][:, 0]
        x = [
            compose(A, query, strong),
            compose(A_weak, moved[u], swapped[u]),
            mixed[u],
        ]
        z = [F.normalize(q(y), dim=1)[None] for y in x]
        weights = swapped_weights(A_weak, taken, lent)
        mixed_key = mixed_keys(key, *weights, draw.shift)
        terms = actclr(*z, key[None], mixed_key[None], banks[u][None], topk=6)
        for name, term in zip(('', 'transferred_', 'mixed_'), terms):
            torch.testing.assert_close(losses[f'loss_{name}{u}'], term[0])
        torch.testing.assert_close(model.bank[u][:4], key)


def test_gradients_reach_the_query_encoders_alone():
    model = build('ActCLR').train()
    data = model.data_preprocessor(batch(n=4, t=24, views=4))
    model.parse_losses(model(**data, mode='loss'))[0].backward()
    assert all(p.grad is None for p in model.key.parameters())
    assert all(p.grad is not None for p in model.query.parameters())


def state_after_training(kind, **kwargs):
    model = build(kind, **kwargs)
    for value in model.state_dict().values():
        if value.is_floating_point():
            value += torch.randn_like(value)
    return model.state_dict()


def test_a_first_phase_is_loaded():
    """Both encoders begin as its query encoder; the bank is new."""
    first = state_after_training('AimCLR', bank_size=30)
    model = build('ActCLR')
    banks = {u: model.bank[u].clone() for u in THREE}
    model.bank.pointer.fill_(0)
    load_state_dict(model, dict(first))
    for name, value in first.items():
        if name.startswith('query.'):
            key = name.replace('query.', 'key.', 1)
            assert torch.equal(model.state_dict()[name], value), name
            assert torch.equal(model.state_dict()[key], value), key
    for u in THREE:
        assert torch.equal(model.bank[u], banks[u])


def test_a_first_phase_with_an_exchange_hands_on_its_projectors():
    exchanges = ['ExplicitExchange', 'ImplicitExchange']
    first = state_after_training('AimCLR', exchanges=exchanges)
    model = build('ActCLR', exchanges=exchanges)
    load_state_dict(model, dict(first))
    names = [k for k in first if k.startswith('exchanges.1.projector')]
    assert names
    assert all(torch.equal(model.state_dict()[k], first[k]) for k in names)


def test_a_second_phase_is_loaded_as_it_is():
    second = state_after_training('ActCLR')
    model = build('ActCLR')
    load_state_dict(model, dict(second))
    for name, value in model.state_dict().items():
        assert torch.equal(value, second[name]), name


@pytest.mark.parametrize(
    'other',
    [
        dict(modalities=('joint',)),
        dict(neck=tiny_models.neck(5)),
    ],
)
def test_a_first_phase_that_does_not_fit_is_refused(other):
    first = state_after_training('AimCLR', **other)
    with pytest.raises(RuntimeError, match='load_from is not: .*query'):
        load_state_dict(build('ActCLR'), dict(first))


def test_errors():
    with pytest.raises(ValueError, match='mixed_from'):
        build('ActCLR', mixed_from='nothing')
    for wrong in (dict(topk=0), dict(key_temperature=0.0)):
        with pytest.raises(ValueError, match='are positive'):
            build('ActCLR', **wrong)
    parents = dict(name='own', parents=(0, 0), center=0, shoulders=(0, 1))
    data = dict(
        type='ModalityDataPreprocessor', modalities=THREE, layout=parents
    )
    with pytest.raises(ValueError, match='parts'):
        build('ActCLR', data_preprocessor=data)
    model = build('ActCLR', swap=dict(type='RegionSwap', stride=2))
    with pytest.raises(ValueError, match='set stride of swap'):
        model.train_step(batch(n=4, t=24, views=4), sgd(model))
    with pytest.raises(ValueError, match='batch size to 3'):
        model.train_step(batch(n=2, t=24, views=4), sgd(model))


def test_the_work_dir_of_a_first_phase(prepared_ntu, tmp_path):
    first = tiny(AIMCLR, prepared_ntu, tmp_path / 'first')
    Runner.from_cfg(first).train()
    second = tiny(ACTCLR, prepared_ntu, tmp_path / 'second')
    second.load_from = str(tmp_path / 'first')
    Runner.from_cfg(second).train()
    trained, _ = read_checkpoint(tmp_path / 'first')
    runner = Runner.from_cfg(second)
    assert runner.train_loop.epoch == 0
    runner.load_or_resume()
    assert runner.epoch == 0
    for name, value in runner.model.state_dict().items():
        if name.startswith(('query.', 'key.')):
            source = trained[name.replace('key.', 'query.', 1)]
            assert torch.equal(value, source), name
