import pytest
import torch
from plain import plain_form
from tiny_models import SIX, THREE, batch, build, sgd


def test_a_step_is_the_one_of_the_method():
    """Query, EMA from the parameters before the optimiser's step, keys,
    losses on the bank as it was, write."""
    model = build(momentum=0.9)
    model.train_step(batch(), sgd(model))  # lets query and key differ
    before = {u: model.bank[u].clone() for u in THREE}
    plain = plain_form(model)
    data = batch()
    logs, expected = (m.train_step(data, sgd(m.query)) for m in (model, plain))
    for name, loss in expected.items():
        torch.testing.assert_close(logs[name], loss)
    for part in ('query', 'key'):
        pair = (getattr(m, part).named_parameters() for m in (model, plain))
        torch.testing.assert_close(*map(dict, pair))
    for u in THREE:
        torch.testing.assert_close(model.bank[u], plain.bank[u])
        # 3 keys of the step before lie in the slots before
        changed = (model.bank[u] != before[u]).any(1)
        assert changed.tolist() == [3 <= i < 6 for i in range(10)]


def test_keys_get_no_gradient_and_start_as_the_query():
    model = build()
    for (name, key), query in zip(
        model.key.state_dict().items(), model.query.state_dict().values()
    ):
        assert torch.equal(key, query), name
    losses = model(**model.data_preprocessor(batch()), mode='loss')
    model.parse_losses(losses)[0].backward()
    assert all(p.grad is None for p in model.key.parameters())
    assert all(p.grad is not None for p in model.query.parameters())


def test_key_encoders_keep_statistics_of_their_own():
    model = build()
    model.train()
    data = batch()
    for x in data['inputs']:
        x[1] *= 5  # the views are of different scale
    model(**model.data_preprocessor(data), mode='loss')
    query = model.query['joint'].backbone.data_bn.running_var
    key = model.key['joint'].backbone.data_bn.running_var
    assert (key > 2 * query).all()


@pytest.mark.parametrize('modalities', [('joint',), THREE, SIX])
@pytest.mark.parametrize(
    'kind, terms',
    [
        ('SkeletonCLR', ['loss']),
        ('AimCLR', ['loss', 'loss_extreme', 'loss_dropped']),
        ('ActCLR', ['loss', 'loss_transferred', 'loss_mixed']),
    ],
)
def test_any_set_of_modalities(kind, terms, modalities):
    model = build(kind, modalities=modalities)
    data = batch(views=model.num_views)
    losses = model(**model.data_preprocessor(data), mode='loss')
    assert set(losses) == {
        f'{name}_{u}'
        for name in (*terms, 'std', 'positive', 'negative')
        for u in modalities
    }
    assert all(loss.isfinite() for loss in losses.values())


def test_features():
    model = build()
    f = model(**model.data_preprocessor(batch()))
    assert {u: x.shape for u, x in f.items()} == {u: (3, 8) for u in THREE}


def test_other_backbones_of_the_toolbox():
    graph = dict(layout='nturgb+d', mode='spatial')
    model = build(
        backbone=dict(type='AAGCN', graph_cfg=graph),
        neck=dict(type='MLPProjector', in_channels=256, out_channels=6),
    )
    losses = model(**model.data_preprocessor(batch()), mode='loss')
    assert losses['loss_joint'].isfinite()


def test_errors():
    model = build()
    with pytest.raises(ValueError, match='2 views'):
        model(**model.data_preprocessor(batch(views=1)), mode='loss')
    with pytest.raises(ValueError, match='SkeletonClassifier'):
        model(**model.data_preprocessor(batch()), mode='predict')
