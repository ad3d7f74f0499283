import pytest
import torch
import torch.nn.functional as F
from mmaction.registry import MODELS
from mmaction.structures import ActionDataSample
from mmengine.optim import OptimWrapper

from projects.ikem.models.losses import explicit_exchange, info_nce

SIX = (
    'joint',
    'motion',
    'bone',
    'acceleration',
    'rotation_axis',
    'angular_velocity',
)
THREE = SIX[:3]
EXPLICIT = dict(type='ExplicitExchange')
IMPLICIT = dict(type='ImplicitExchange')


def build(modalities=THREE, kind='IKEM', **kwargs):
    model = MODELS.build(
        dict(
            type=kind,
            data_preprocessor=dict(
                type='ModalityDataPreprocessor', modalities=modalities
            ),
            backbone=dict(
                type='SlimSTGCN',
                base_channels=4,
                out_channels=8,
                dropout=0.0,
            ),
            neck=dict(type='MLPProjector', in_channels=8, out_channels=6),
            **{'bank_size': 10, **kwargs},
        )
    )
    model.init_weights()
    return model


def inputs(model, n=3):
    data = dict(inputs=[], data_samples=[])
    for _ in range(n):
        sample = ActionDataSample()
        sample.set_field(1.5, 'time_scale')
        data['data_samples'].append(sample)
        data['inputs'].append(torch.randn(2, 2, 12, 25, 3))
    return model.data_preprocessor(data)


def loss_names(losses):
    return {name for name in losses if 'loss' in name}


def test_first_stage_is_skeleton_clr():
    model, alone = build(), build(kind='SkeletonCLR')
    state = {
        k: v
        for k, v in model.state_dict().items()
        if not k.startswith('exchanges.')
    }
    alone.load_state_dict(state)
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
    data = inputs(model)
    x = data['inputs']
    bank = {u: model.bank[u].clone() for u in modalities}
    losses = model(**data, mode='loss')

    f = model.query.features({u: x[u][:, 0] for u in modalities})
    z = {u: F.normalize(model.query[u].neck(f[u])) for u in modalities}
    zhat = model.key({u: x[u][:, 1] for u in modalities})
    zhat_c = F.normalize(torch.cat(list(zhat.values()), 1))
    bank_c = F.normalize(torch.cat(list(bank.values()), 1))
    assert zhat_c.shape == (3, 6 * len(modalities))
    projector = model.exchanges[1].projector
    for u in modalities:
        sources = [v for v in modalities if v != u]
        pairs = [(u, v) for v in sources]
        explicit = explicit_exchange(z, zhat, bank, pairs)
        torch.testing.assert_close(
            losses[f'loss_explicit_{u}'], sum(explicit.values()) / len(sources)
        )
        ztilde = F.normalize(projector[u](f[u]))
        torch.testing.assert_close(
            losses[f'loss_implicit_{u}'], info_nce(ztilde, zhat_c, bank_c)
        )
        torch.testing.assert_close(model.bank[u][:3], zhat[u])
    assert len(loss_names(losses)) == 2 * len(modalities)


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
    wrapper = OptimWrapper(torch.optim.SGD(model.parameters(), 0.1))
    for p in model.query.parameters():
        p.data.add_(0.1 * torch.randn_like(p))
    before = {k: p.clone() for k, p in model.key.named_parameters()}
    bank = {u: model.bank[u].clone() for u in THREE}
    data = [
        dict(inputs=x, data_samples=[])
        for x in [inputs(model)['inputs'] for _ in range(2)]
    ]
    for batch in data:
        model.train_step(batch, wrapper)
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
    with pytest.raises(ValueError, match='at least two modalities'):
        build(['joint'])
    with pytest.raises(ValueError, match="frozen_keys has .'bones'"):
        build(frozen_keys=['bones'])
