import pytest
import torch
from plain import plain_form
from tiny_models import SIX, THREE, batch, sgd
from tiny_models import build as build_any

EXPLICIT = dict(type='ExplicitExchange')
IMPLICIT = dict(type='ImplicitExchange')


def build(modalities=THREE, kind='IKEM', **kwargs):
    return build_any(kind, modalities, **kwargs)


def inputs(model):
    return model.data_preprocessor(batch())


def loss_names(losses):
    return {name for name in losses if 'loss' in name}


def test_first_stage_is_skeleton_clr():
    model, alone = build(), build(kind='SkeletonCLR')
    alone.load_state_dict(
        {k: model.state_dict()[k] for k in alone.state_dict()}
    )
    data = inputs(model)
    losses = model(**data, mode='loss')
    for name, loss in alone(**data, mode='loss').items():
        assert losses[name] == loss
    assert loss_names(losses) == {f'loss_{u}' for u in THREE}


@pytest.mark.parametrize('modalities', [THREE, SIX])
def test_second_stage_is_the_sum_of_both_exchanges(modalities):
    model = build(modalities, momentum=0.9)
    model.set_progress(1, 2)
    for p in model.query.parameters():  # lets keys and queries differ
        p.data.add_(0.1 * torch.randn_like(p))
    model.double()
    data = {u: x.double() for u, x in inputs(model)['inputs'].items()}
    plain = plain_form(model).double()
    losses = model(data, mode='loss')
    expected = plain(data, mode='loss')
    assert loss_names(losses) == set(expected)
    assert len(expected) == 2 * len(modalities)
    for name, loss in expected.items():
        torch.testing.assert_close(losses[name], loss, rtol=1e-9, atol=1e-9)
    gradients = [
        torch.autograd.grad(sum(x[name] for name in expected), q.parameters())
        for x, q in ((losses, model.query), (expected, plain.query))
    ]
    torch.testing.assert_close(*gradients, rtol=1e-8, atol=1e-9)
    for u in modalities:
        torch.testing.assert_close(model.bank[u], plain.bank[u])


@pytest.mark.parametrize(
    'exchanges, names',
    [
        ([EXPLICIT], {'explicit'}),
        ([IMPLICIT], {'implicit'}),
        ([EXPLICIT, IMPLICIT], {'explicit', 'implicit'}),
    ],
)
def test_ablations(exchanges, names):
    """The rows of the paper's Table 1a."""
    model = build(exchanges=exchanges)
    model.set_progress(1, 2)
    losses = model(**inputs(model), mode='loss')
    assert {name.split('_')[1] for name in loss_names(losses)} == names
    model.parse_losses(losses)[0].backward()
    used = {n for n, p in model.named_parameters() if p.grad is not None}
    assert any(n.startswith('exchanges.') for n in used) == (
        'implicit' in names
    )


def test_cross_clr_is_explicit_exchange_alone():
    model = build(kind='CrosSCLR', topk=2, context=False)
    (exchange,) = model.exchanges
    assert exchange.loss.options == dict(
        temperature=model.temperature, topk=2, context=False, form='release'
    )


@pytest.mark.parametrize('exchanging', [False, True])
def test_frozen_keys_stop_in_the_second_stage(exchanging):
    model = build(frozen_keys=['joint', 'bone'], momentum=0.5)
    model.set_progress(exchanging, 2)
    wrapper = sgd(model, 0.1)
    for p in model.query.parameters():
        p.data.add_(0.1 * torch.randn_like(p))
    before = {k: p.clone() for k, p in model.key.named_parameters()}
    bank = {u: model.bank[u].clone() for u in THREE}
    for data in [inputs(model) for _ in range(2)]:
        model.train_step(dict(data, data_samples=[]), wrapper)
    for u in THREE:
        moved = any(
            not torch.equal(p, before[f'{u}.{k}'])
            for k, p in model.key[u].named_parameters()
        )
        assert moved == (u == 'motion' or not exchanging), u
        assert (model.bank[u][:6] != bank[u][:6]).any(1).all()


def test_an_exchange_may_have_its_own_temperature():
    model = build(exchanges=[dict(EXPLICIT, temperature=0.5), IMPLICIT])
    explicit, implicit = (exchange.loss for exchange in model.exchanges)
    assert explicit.options['temperature'] == 0.5
    assert implicit.temperature == 0.07


def test_errors():
    with pytest.raises(ValueError, match='two modalities'):
        build(['joint'])
    with pytest.raises(ValueError, match='frozen_keys.*bones'):
        build(frozen_keys=['bones'])
