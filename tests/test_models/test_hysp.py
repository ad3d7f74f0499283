import math

import pytest
import torch
import torch.nn.functional as F
from mmaction.registry import MODELS
from tiny_models import (
    EXCHANGE,
    SIX,
    SLIM,
    THREE,
    build,
    modalities_of,
    sgd,
)

from projects.ikem.engine.optimizers import GeooptSGD
from projects.ikem.models import SlimSTGCN
from projects.ikem.models.losses import info_nce
from projects.ikem.models.losses.hyperbolic import (
    LARGEST,
    RADIUS,
    artanh,
    clip,
    cosine_distance,
    distance,
    exp0,
    limits,
    mobius_add,
    pace,
    paced_distance,
)

CAP = 2 * math.atanh(LARGEST)
BORDER = math.atanh(RADIUS)


def vectors(*norms, d=4):
    """Vectors of these lengths."""
    v = F.normalize(torch.randn(len(norms), d, dtype=torch.float64), dim=-1)
    return v * torch.tensor(norms, dtype=torch.float64)[:, None]


# geometry


def test_exponential_map():
    norms = (1e-3, 0.1, 1.0, 6.0, 6.2, 14.0, 1000.0)
    v = vectors(*norms)
    h = exp0(v)
    expected = [min(math.tanh(n), RADIUS) for n in norms]
    assert h.norm(dim=-1).tolist() == pytest.approx(expected, abs=1e-14)
    torch.testing.assert_close(F.normalize(h, dim=-1), F.normalize(v, dim=-1))
    assert not exp0(torch.zeros(2, 4)).any()
    assert exp0(v.bfloat16()).dtype == torch.float64


def test_beyond_the_border_there_is_no_radial_gradient():
    assert BORDER == pytest.approx(6.103, abs=1e-3)
    v = vectors(6.0, 6.2, 14.0, 1000.0).requires_grad_()
    w = torch.randn_like(v)
    (grad,) = torch.autograd.grad((exp0(v) * w).sum(), v)
    radial = (grad * F.normalize(v, dim=-1)).sum(-1)
    assert abs(radial[0]) > 1e-7
    assert radial[1:].abs().max() < 1e-13
    assert grad.norm(dim=-1).min() > 0


def test_distance_is_that_of_the_paper_in_the_interior():
    x, y = (exp0(vectors(0.01, 0.5, 1.0, 3.0)) for _ in range(2))
    leaves = [x.clone().requires_grad_() for _ in range(2)]
    values = [distance(leaves[0], y), distance(leaves[1], y, 'arcosh')]
    expected = [
        math.acosh(
            1
            + 2
            * float((a - b) @ (a - b))
            / ((1 - float(a @ a)) * (1 - float(b @ b)))
        )
        for a, b in zip(x, y)
    ]
    grads = []
    for leaf, value in zip(leaves, values):
        assert value.tolist() == pytest.approx(expected, rel=1e-9)
        grads += torch.autograd.grad(value.sum(), leaf)
    torch.testing.assert_close(*grads, rtol=1e-8, atol=1e-8)


def test_distance_is_a_metric_of_the_centre_and_of_equal_points():
    v = vectors(0.01, 1.0, 3.0)
    h, zero = exp0(v), torch.zeros_like(v)
    # along a ray it is twice the length of the vector
    torch.testing.assert_close(distance(h, zero), 2 * v.norm(dim=-1))
    torch.testing.assert_close(distance(h, -h), 4 * v.norm(dim=-1))
    for form in ('artanh', 'arcosh'):
        h.requires_grad_()
        d = distance(h, h.detach(), form)
        (grad,) = torch.autograd.grad(d.sum(), h)
        assert d.abs().max() < 1e-6 and grad.isfinite().all()


def test_the_cap_has_no_gradient():
    """Two points on the border are capped from an angle of 2.6 degrees on."""
    angles = torch.tensor([2.4, 2.8, 90.0, 180.0]).double().deg2rad()
    y = RADIUS * torch.stack([angles.cos(), angles.sin()], -1)
    x = RADIUS * torch.eye(2, dtype=torch.float64)[:1].repeat(4, 1)
    x.requires_grad_()
    d = distance(x, y)
    (grad,) = torch.autograd.grad(d.sum(), x)
    assert 16 < d[0] < CAP and grad[0].norm() > 0
    assert d[1:].tolist() == pytest.approx([CAP] * 3)
    assert not grad[1:].any()
    far = distance(x, y, 'arcosh')
    (grad,) = torch.autograd.grad(far.sum(), x)
    assert (far[1:] > CAP).all() and grad.norm(dim=-1).min() > 0
    shares = limits(x, y)
    assert shares.capped == 0.75 and shares.clipped == 1
    assert limits(x / 2, y / 2).clipped == 0


def test_a_point_far_out_is_turned_with_greater_force():
    """About ``exp(2 |v|) / (2 |v|)``, towards one nearby."""
    r = torch.tensor([0.5, 1.0, 2.0, 4.0], dtype=torch.float64)
    v = torch.stack([r, 0 * r], -1).requires_grad_()
    y = exp0(torch.stack([r, 1e-5 * r], -1))
    (grad,) = torch.autograd.grad(distance(exp0(v), y).sum(), v)
    along, across = grad.abs().unbind(-1)
    assert along.max() <= 2
    h = r.tanh()
    largest = 2 * h / (r * (1 - h**2))
    torch.testing.assert_close(across, largest, rtol=1e-4, atol=0)
    assert across[3] == pytest.approx(math.exp(8) / 8, rel=1e-3)


def test_pace():
    assert [pace(e, 49, 99) for e in (0, 49, 50, 74, 99, 129)] == [
        *(0, 0, 0.02, 0.5, 1, 1)
    ]
    assert [pace(e, 3, 3) for e in (2, 3)] == [0, 1]


@pytest.mark.parametrize('share', [0, 1e-8, 0.3, 1 - 1e-8, 1])
def test_mixing(share):
    """At either end one distance is left out, and so is its gradient."""
    v, w = vectors(0.5, 1.0, 2.0).requires_grad_(), vectors(0.5, 3.0, 1.0)
    x, y = exp0(v), exp0(w)
    loss = paced_distance(x, y, share)
    euclidean, hyperbolic = cosine_distance(v, w), distance(x, y)
    torch.testing.assert_close(cosine_distance(x, y), euclidean)
    expected = {
        0: euclidean,
        1e-8: (1 - share) * euclidean,
        1 - 1e-8: share * hyperbolic,
        1: hyperbolic,
    }.get(share, (1 - share) * euclidean + share * hyperbolic)
    torch.testing.assert_close(loss, expected, rtol=1e-12, atol=1e-12)
    grads = (
        torch.autograd.grad(z.sum(), v, retain_graph=True)[0]
        for z in (loss, expected)
    )
    torch.testing.assert_close(*grads, rtol=1e-10, atol=1e-10)


# the algorithm


@pytest.mark.parametrize('modalities', [('motion',), THREE, SIX])
def test_a_step_is_the_one_of_the_method(modalities):
    """Of the views in both directions; keys that move after it."""
    model = build('HYSP', modalities, momentum=0.9).double().eval()
    for p in model.query.parameters():  # lets queries and keys differ
        p.data.add_(0.1 * torch.randn_like(p))
    model.set_progress(1, 2)
    assert model.share == 0.5
    inputs = modalities_of(model, n=4)
    inputs = {u: x.double() for u, x in inputs.items()}
    keys = {k: v.clone() for k, v in model.key.state_dict().items()}
    expected = {}
    for u in modalities:
        views = inputs[u].unbind(1)
        q = [model.predictor[u](model.query[u](x)) for x in views]
        k = [model.key[u](x) for x in views]
        expected[u] = 0
        for i in (0, 1):
            x, y = exp0(q[i]), exp0(k[1 - i])
            mixed = (cosine_distance(x, y) + distance(x, y)) / 2
            expected[u] = expected[u] + mixed.mean() / 2
    losses = model(inputs, mode='loss')
    for u in modalities:
        torch.testing.assert_close(losses[f'loss_{u}'], expected[u])
        radius = exp0(model.predictor[u](model.query[u](inputs[u][:, 0])))
        radius = radius.norm(dim=-1).mean().float()
        torch.testing.assert_close(losses[f'radius_{u}'], radius)
    assert losses['pace'] == 0.5
    query = dict(model.query.named_parameters())
    for name, p in model.key.named_parameters():
        moved = 0.9 * keys[name] + 0.1 * query[name]
        torch.testing.assert_close(p, moved)


def test_keys_get_no_gradient_and_the_predictor_does():
    model = build('HYSP').train()
    model.set_progress(1, 2)
    losses = model(modalities_of(model, n=4), mode='loss')
    model.parse_losses(losses)[0].backward()
    assert all(p.grad is None for p in model.key.parameters())
    for part in (model.query, model.predictor):
        assert all(p.grad is not None for p in part.parameters())


def test_the_target_is_an_exact_copy_and_has_dropout_if_wanted():
    backbone = dict(SLIM, dropout=0.5, init_cfg=None)
    for dropout in (True, False):
        model = build('HYSP', backbone=backbone, target_dropout=dropout)
        model.init_weights()
        key = model.key.state_dict()
        for name, value in model.query.state_dict().items():
            assert torch.equal(key[name], value), name
        model.train()
        x = modalities_of(model, n=2)
        x = {u: v[:, 0] for u, v in x.items()}
        same = torch.equal(*(model.key.features(x)['bone'] for _ in range(2)))
        assert same != dropout
        assert model.key['bone'].backbone.data_bn.training


@pytest.mark.parametrize('own_bank', [False, True])
def test_exchange(own_bank):
    """In a space of its own, or by the directions of its keys."""
    options = dict(bank_size=10, **EXCHANGE) if own_bank else dict(EXCHANGE)
    if own_bank:
        del options['exchange_space']
    model = build('HYSP', **options).double().eval()
    space, bank = model.exchange_space, (model.exchange_space or model).bank
    inputs = modalities_of(model, n=4)
    inputs = {u: x.double() for u, x in inputs.items()}
    before = {u: bank[u].clone() for u in THREE}
    normal = {u: x[:, 1] for u, x in inputs.items()}
    key = (space or model).key(normal)
    model.set_progress(0, 2)
    losses = model(inputs, mode='loss')
    for u in THREE:
        torch.testing.assert_close(bank[u][:4], key[u])
        if space is not None:
            f = model.query[u].backbone(inputs[u][:, 0]).mean((3, 4)).mean(1)
            z = F.normalize(space.neck[u](f))
            torch.testing.assert_close(
                losses[f'loss_space_{u}'], info_nce(z, key[u], before[u])
            )
    model.set_progress(1, 2)
    losses = model(inputs, mode='loss')
    for kind in ('', 'explicit_', 'implicit_'):
        assert f'loss_{kind}motion' in losses


def test_parameters():
    """The encoder of the release, and the matched one."""
    for width, out, parameters in ((64, 1024, 12_791_956), (16, 256, 821_380)):
        with torch.device('meta'):
            backbone = SlimSTGCN(base_channels=width, out_channels=out)
            neck = MODELS.build(
                dict(
                    type='BatchNormMLP',
                    in_channels=out,
                    hid_channels=out,
                    out_channels=out,
                )
            )
        assert sum(p.numel() for p in backbone.parameters()) == parameters
        size = {1024: 2_101_248, 256: 132_096}[out]
        assert sum(p.numel() for p in neck.parameters()) == size


@pytest.mark.parametrize(
    'wrong, message',
    [
        (dict(form='log'), 'form'),
        (dict(pace_begin=1.5), 'pace_begin'),
        (dict(pace_begin=3, pace_end=2), 'pace_end'),
        (dict(exchanges=['ExplicitExchange']), 'exchange_space'),
    ],
)
def test_errors(wrong, message):
    with pytest.raises(ValueError, match=message):
        build('HYSP', **wrong)


# optimiser and head


@pytest.mark.parametrize('kind', [GeooptSGD, torch.optim.SGD])
def test_the_first_step_is_longer(kind):
    p0, grads = torch.randn(6), torch.randn(4, 6)
    p = torch.nn.Parameter(p0.clone())
    optimizer = kind([p], lr=0.2, momentum=0.9, weight_decay=1e-4)
    expected = p0.clone()
    b = grads[0] if kind is GeooptSGD else torch.zeros(6)
    for grad in grads:
        p.grad = grad.clone()
        optimizer.step()
        b = 0.9 * b + grad + 1e-4 * expected
        expected = expected - 0.2 * b
        torch.testing.assert_close(p.data, expected)


def test_mobius_head_against_a_naive_form():
    sizes = dict(in_features=6, out_features=5)
    head = MODELS.build(dict(type='MobiusLinear', **sizes))
    assert head.weight.std().item() == pytest.approx(
        1 / (100 * math.sqrt(2 * 5 * 6)), rel=0.5
    )
    head = head.double()
    head.weight.data.normal_()
    f = torch.randn(3, 6, dtype=torch.float64)
    f[0] = 0
    logits = head(f)
    torch.testing.assert_close(logits[0], head.bias.data)
    for x, row in zip(exp0(f)[1:], logits.detach()[1:]):
        y = head.weight.detach() @ x
        r = math.tanh(float(y.norm() / x.norm()) * math.atanh(float(x.norm())))
        expected = clip(mobius_add(r * y / y.norm(), head.bias.detach()))
        torch.testing.assert_close(row, expected)
    assert (logits.norm(dim=-1) < 1).all()
    # the lowest loss of 60 classes, and chance
    best = F.normalize(torch.tensor([59.0, *[-1.0] * 59])[None])
    loss = F.cross_entropy(best, torch.tensor([0]))
    assert loss.item() == pytest.approx(3.11, abs=0.01)
    logits.sum().backward()
    assert head.weight.grad.isfinite().all()
    assert artanh(torch.ones(1)).isfinite()


def test_classifier_with_mobius_heads_that_recalibrates():
    model = build(
        'SkeletonClassifier', head=dict(type='MobiusLinear'), recalibrate=True
    ).train()
    inputs = modalities_of(model, n=4, views=1)
    before = {k: v.clone() for k, v in model.backbone.state_dict().items()}
    f = model.extract_feat(inputs)
    logits = model.classify(f)
    torch.testing.assert_close(logits['bone'], model.head['bone'](f['bone']))
    assert logits['fused'].dtype == torch.float64
    moved = {
        name
        for name, value in model.backbone.state_dict().items()
        if not torch.equal(value, before[name])
    }
    assert moved and all('running' in n or 'num_b' in n for n in moved)
    assert not any(x.requires_grad for x in f.values())
    model.eval()
    assert not model.backbone.training
    model.recalibrate = False
    assert not model.train().backbone.training


def test_it_trains():
    model = build('HYSP', ['joint']).train()
    model.set_progress(2, 2)  # by the hyperbolic distance alone
    inputs = modalities_of(model, n=6, t=6)
    wrapper = sgd(model, 0.05)
    data = dict(inputs=inputs, data_samples=[])
    losses = [model.train_step(data, wrapper)['loss'] for _ in range(6)]
    assert losses[-1] < losses[0]
