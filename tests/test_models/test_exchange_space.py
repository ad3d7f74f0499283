"""Exchange on an algorithm that has no bank and no key encoder."""

import pytest
import torch
import torch.nn.functional as F
from mmaction.registry import MODELS
from tiny_models import SLIM, THREE, neck

from projects.ikem.models import Embedded, PretrainingModel
from projects.ikem.models.encoder import unit
from projects.ikem.models.losses import explicit_exchange, info_nce


class Alike(PretrainingModel):
    """Draws the embeddings of three views together."""

    num_views = 3

    def embed(self, views):
        f, *others = (self.query.features(view) for view in views)
        a, *b = (self.query.project(x) for x in (f, *others))
        return Embedded(f, unit(a), key=unit(b[0]), extra=dict(other=b[1]))

    def objective(self, e):
        return {
            f'loss_{u}': (e.z[u] - e.extra['other'][u]).pow(2).sum(1).mean()
            for u in self.modalities
        }


def build(**kwargs):
    torch.manual_seed(0)
    data = dict(type='ModalityDataPreprocessor', modalities=THREE)
    model = Alike(
        backbone=SLIM, neck=neck(5), data_preprocessor=data, **kwargs
    )
    model.init_weights()
    return model.double().eval()


def with_exchange(**kwargs):
    return build(
        exchanges=[
            dict(type='ExplicitExchange', loss_weight=0.5),
            dict(type='ImplicitExchange'),
        ],
        exchange_space=dict(
            neck=dict(type='MLPProjector', out_channels=6),
            bank_size=10,
            momentum=0.9,
        ),
        **kwargs,
    )


def inputs(views=3):
    x = torch.randn(4, views, 1, 6, 25, 3, dtype=torch.float64)
    return dict.fromkeys(THREE, x)


def kinds(losses):
    return {name.split('_')[1] for name in losses if name.startswith('loss')}


@pytest.mark.parametrize('replaces', [True, False])
def test_stages(replaces):
    model = with_exchange(exchange_replaces=replaces)
    model.set_progress(0, 2)
    assert kinds(model(inputs(), mode='loss')) == {*THREE, 'space'}
    model.set_progress(1, 2)
    alone = set() if replaces else {*THREE}
    losses = model(inputs(), mode='loss')
    assert kinds(losses) == alone | {'explicit', 'implicit'}


def test_losses_are_those_of_the_space():
    model, x = with_exchange(), inputs()
    space = model.exchange_space
    anchor, target = ({u: v[:, i] for u, v in x.items()} for i in (0, 1))
    for p in model.query.parameters():  # lets keys and queries differ
        p.data.add_(0.1 * torch.randn_like(p))
    before = {k: v.clone() for k, v in model.state_dict().items()}
    losses = model(x, mode='loss')
    f = model.query.features(anchor)
    keys = space.key(target)
    z = {u: F.normalize(space.neck[u](f[u])) for u in THREE}
    bank = {u: before[f'exchange_space.bank.keys_{u}'] for u in THREE}
    for u in THREE:
        expected = info_nce(z[u], keys[u], bank[u])
        torch.testing.assert_close(losses[f'loss_space_{u}'], expected)
        torch.testing.assert_close(space.bank[u][:4], keys[u])
        for name, query in model.query[u].backbone.named_parameters():
            name = f'exchange_space.key.{u}.backbone.{name}'
            expected = 0.9 * before[name] + 0.1 * query
            torch.testing.assert_close(model.state_dict()[name], expected)
    model.set_progress(1, 2)
    model.exchange_space.momentum = 1.0  # keys stay as they are
    bank = {u: space.bank[u].clone() for u in THREE}
    losses = model(x, mode='loss')
    pairs = [('motion', v) for v in THREE if v != 'motion']
    expected = explicit_exchange(z, keys, bank, pairs)
    torch.testing.assert_close(
        losses['loss_explicit_motion'], 0.5 * sum(expected.values()) / 2
    )


def test_its_keys_get_no_gradient_and_its_neck_does():
    model = with_exchange(exchange_replaces=False)
    for epoch in (0, 1):
        model.set_progress(epoch, 2)
        model.zero_grad()
        losses = model(inputs(), mode='loss')
        model.parse_losses(losses)[0].backward()
        space = model.exchange_space
        assert all(p.grad is None for p in space.key.parameters())
        assert all(p.grad.abs().sum() > 0 for p in space.neck.parameters())


def test_without_a_bank_there_is_nothing_to_exchange_by():
    with pytest.raises(ValueError, match='exchange_space'):
        build(exchanges=[dict(type='ExplicitExchange')])
    with pytest.raises(ValueError, match='3 views'):
        build()(inputs(2), mode='loss')


@pytest.mark.parametrize('begin', [-1, 1.5])
def test_an_impossible_beginning(begin):
    with pytest.raises(ValueError, match='exchange_begin'):
        with_exchange(exchange_begin=begin)


@pytest.mark.parametrize('name', ['InfoNCE', 'ImplicitExchangeLoss'])
def test_losses_are_modules_too(name):
    loss = MODELS.build(dict(type=name, temperature=0.1, loss_weight=2.0))
    z, key = F.normalize(torch.randn(2, 4, 3), dim=-1)
    bank = F.normalize(torch.randn(5, 3), dim=-1)
    expected = 2 * info_nce(z, key, bank, 0.1)
    if name == 'InfoNCE':
        torch.testing.assert_close(loss(z, key, bank), expected)
    else:  # of one modality it is InfoNCE
        (ours,) = loss(*(dict(joint=x) for x in (z, key, bank))).values()
        torch.testing.assert_close(ours, expected)
