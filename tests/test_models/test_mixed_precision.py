import pytest
import torch
import torch.nn.functional as F
from mmaction.registry import MODELS
from tiny_algorithms import ALGORITHMS, DATA, TWO, batches, build, train

from projects.ikem.engine.optim_wrapper import BFloat16OptimWrapper
from projects.ikem.models.encoder import pool, project
from projects.ikem.models.losses import (
    explicit_exchange,
    implicit_exchange,
    info_nce,
)
from projects.ikem.models.modalities import MODALITIES
from projects.ikem.models.stacking import Stacked

ROUNDINGS = [torch.bfloat16, torch.float16]


@pytest.mark.parametrize('name', ALGORITHMS)
def test_trains_as_in_float32(name):
    exact, _ = train(name)
    rounded, model = train(name, BFloat16OptimWrapper)
    assert not torch.equal(rounded, exact)  # so autocast was at work
    # measured: at most 2.2 % apart in any of the 50 steps, 28 % where an
    # actionlet, nearly 0 or 1 in each cell, changes
    rtol = 0.4 if name == 'ActCLR' else 0.03
    torch.testing.assert_close(rounded, exact, rtol=rtol, atol=0)
    course = exact.max() - exact.min()
    assert course > 10 * (rounded - exact).abs().max()
    for key, value in model.state_dict().items():
        assert value.dtype in (torch.float32, torch.long), key
        assert value.isfinite().all(), key
        if '.keys_' in f'.{key}':
            length = value.norm(dim=1)
            torch.testing.assert_close(
                length, torch.ones_like(length), rtol=0, atol=1e-6
            )


def test_key_encoders_do_not_stall():
    """Of a step of 1 / 1000 bfloat16, with 8 bits, would keep nothing."""
    model = build('SkeletonCLR')
    query = dict(model.query.named_parameters())
    before = {k: p.clone() for k, p in model.key.named_parameters()}
    for p in query.values():
        p.data += 0.1 * torch.randn_like(p)
    (data,) = batches('SkeletonCLR', 1)
    inputs = model.data_preprocessor(data)['inputs']
    with torch.autocast('cpu', torch.bfloat16):
        model(inputs, mode='loss')
    for name, key in model.key.named_parameters():
        moved = 0.001 * (query[name].double() - before[name])
        torch.testing.assert_close(
            key.double() - before[name], moved, rtol=0, atol=2e-7
        )


@pytest.mark.parametrize('dtype', ROUNDINGS)
def test_modalities_are_not_rounded(dtype):
    preprocessor = MODELS.build(dict(DATA, modalities=list(MODALITIES)))
    (data,) = batches('linear', 1)
    exact = preprocessor(data)['inputs']
    with torch.autocast('cpu', dtype):
        inputs = preprocessor(data)['inputs']
    for u, x in exact.items():
        assert inputs[u].dtype == torch.float32
        assert torch.equal(inputs[u], x), u


def losses_of(z, zhat, bank):
    """All losses by name; z may be any leaves."""
    z = {u: F.normalize(x, dim=1) for u, x in z.items()}
    wide = {u: F.normalize(torch.cat([z[u]] * 2, 1), dim=1) for u in z}
    losses = {'info_nce': info_nce(z['joint'], zhat['joint'], bank['joint'])}
    for case, options in {
        'release': {},
        'without context': dict(context=False),
        'paper': dict(form='paper'),
    }.items():
        (losses[case],) = explicit_exchange(
            z, zhat, bank, [TWO], **options
        ).values()
    losses['implicit'] = implicit_exchange(wide, zhat, bank)['joint']
    return losses


@pytest.mark.parametrize('dtype', ROUNDINGS)
def test_losses_are_not_rounded(dtype):
    """Neither they nor their gradients; exp(1 / 0.07) is no float16."""
    leaves = {u: torch.randn(5, 8, requires_grad=True) for u in TWO}
    zhat, bank = (
        {u: F.normalize(torch.randn(n, 8), dim=1) for u in TWO}
        for n in (5, 40)
    )
    zhat['joint'] = F.normalize(leaves['joint'].detach(), dim=1)  # exp(1 / t)
    exact = losses_of(leaves, zhat, bank)
    with torch.autocast('cpu', dtype):
        losses = losses_of(leaves, zhat, bank)
    for name, loss in losses.items():
        assert loss.dtype == torch.float32
        assert torch.equal(loss, exact[name]), name
        gradients = [
            torch.autograd.grad(
                x, leaves.values(), retain_graph=True, allow_unused=True
            )
            for x in (loss, exact[name])
        ]
        for a, b in zip(*gradients):
            assert (a is None) == (b is None)
            torch.testing.assert_close(a, b, rtol=0, atol=0)


def projected(g, f):
    return project(dict(joint=g), f, Stacked())['joint']


@pytest.mark.parametrize('dtype', ROUNDINGS)
def test_all_behind_the_backbone_is_in_float32(dtype):
    x = torch.randn(4, 2, 8, 3, 25).to(dtype)
    model, classifier = build('IKEM'), build('linear')
    projectors = [encoder.neck for encoder in model.query.values()]
    projectors += model.exchanges[1].projector.values()
    f = {u: torch.randn(4, 8) for u in TWO}
    exact = [projected(g, f) for g in projectors]
    logits = classifier.classify(f)
    with torch.autocast('cpu', dtype):
        assert torch.equal(pool(x), pool(x.float()))
        for g, z in zip(projectors, exact):
            assert torch.equal(projected(g, f), z)
        for name, logit in classifier.classify(f).items():
            assert torch.equal(logit, logits[name])


def test_the_forward_pass_alone_is_in_bfloat16():
    model = torch.nn.Linear(2, 2)
    wrapper = BFloat16OptimWrapper(torch.optim.SGD(model.parameters(), 0.1))
    with wrapper.optim_context(model):
        y = model(torch.ones(1, 2))
    assert y.dtype == torch.bfloat16
    assert not torch.is_autocast_enabled('cpu')
    wrapper.update_params(y.float().sum())
    assert all(p.dtype == torch.float32 for p in model.parameters())
