"""Persons who are absent take no part, where a switch says so."""

import copy
import warnings

import numpy as np
import pytest
import torch
from mmaction.registry import MODELS
from mmengine.registry import init_default_scope
from tiny_models import SLIM, THREE, batch, build, neck, sgd
from torch.nn.modules.batchnorm import _BatchNorm

from projects.ikem.datasets.transforms import PackSkeleton
from projects.ikem.deployment import DeployedClassifier, random_clips
from projects.ikem.models.attention_drop import attention, drop_attended
from projects.ikem.models.encoder import Encoders, pool_stack
from projects.ikem.models.persons import PERSONS, gather, scatter

STGCN = dict(
    type='mmaction.STGCN',
    graph_cfg=dict(layout='nturgb+d', mode='stgcn_spatial'),
    base_channels=4,
    num_stages=2,
    inflate_stages=[2],
    down_stages=[2],
)
THERE = torch.tensor([[True, False], [True, True], [False, True]])


def preprocessor(modalities=THREE, **kwargs):
    return dict(
        type='ModalityDataPreprocessor',
        modalities=modalities,
        **{'skip_absent': True, **kwargs},
    )


def clips(persons=THERE, t=9, dtype=torch.float64):
    """Clips of which absent persons hold anything, such as noise."""
    x = {u: torch.randn(*persons.shape, t, 25, 3, dtype=dtype) for u in THREE}
    return {**x, PERSONS: persons}


def encoders(backbone=SLIM):
    init_default_scope('mmaction')
    model = Encoders(THREE, backbone, layout='ntu-25').double()
    for name, x in model.state_dict().items():
        if name.endswith(('running_mean', 'running_var', 'weight')):
            x.add_(0.1 * torch.rand_like(x))
    return model


def marked(n, views, persons):
    """A batch whose data samples say who is there."""
    data = batch(n, views=views)
    for sample, row in zip(data['data_samples'], persons):
        sample.set_field(row, PERSONS)
    return data


@pytest.mark.parametrize('backbone', [SLIM, STGCN])
def test_a_clip_has_the_features_of_those_who_are_there(backbone):
    model, x = encoders(backbone).eval(), clips()
    f, maps = model.features(x), model.maps(x)
    for u in THREE:
        alone = [
            model.features({v: x[v][i : i + 1, m] for v in THREE})[u]
            for i, m in enumerate([slice(0, 1), slice(0, 2), slice(1, 2)])
        ]
        torch.testing.assert_close(f[u], torch.cat(alone))
        assert maps[u].shape[:2] == (3, 2)
        assert maps[u][~THERE].abs().max() == 0
        pooled = maps[u].mean((3, 4)).sum(1) / THERE.sum(1)[:, None]
        torch.testing.assert_close(pooled, f[u])


def test_what_absent_persons_hold_changes_nothing():
    model, x = encoders().train(), clips()
    y = {u: v.clone() for u, v in x.items()}
    for u in THREE:
        y[u][~THERE] = torch.inf
    f, g = model.features(x), copy.deepcopy(model).features(y)
    assert all(torch.equal(f[u], g[u]) for u in THREE)


def test_norms_see_those_who_are_there():
    model, x = encoders().train(), clips()
    norms = {u: copy.deepcopy(model[u].data_bn) for u in THREE}
    model.features(x)
    for u, norm in norms.items():
        norm(x[u][THERE].reshape(-1, 25 * 3))  # rows of all frames
        ours = model[u].data_bn.state_dict()
        torch.testing.assert_close(ours, norm.state_dict())
    # those of the last block, from persons as clips of their own
    x = clips()
    rows = {u: x[u][THERE][:, None] for u in THREE}
    other = copy.deepcopy(model)
    model.features(x), other.features(rows)
    for ours, theirs in zip(model.modules(), other.modules()):
        if isinstance(ours, _BatchNorm):
            assert torch.equal(ours.running_var, theirs.running_var)


@pytest.mark.parametrize(
    'kind, views, options',
    [
        ('SkeletonCLR', 2, {}),
        ('IKEM', 2, dict(exchange_begin=0.0)),
        ('AimCLR', 3, {}),
        ('CPM', 2, dict(positives=4)),
    ],
)
def test_where_all_are_there_a_step_is_the_same(kind, views, options):
    outcomes = []
    for skip in (False, True):
        torch.manual_seed(0)
        cfg = preprocessor(skip_absent=skip)
        model = build(kind, data_preprocessor=cfg, **options).train()
        model.set_progress(1, 2)
        data = marked(4, views, torch.ones(4, 2, dtype=torch.bool))
        losses = model.train_step(data, sgd(model))
        outcomes.append({**model.state_dict(), **losses})
    assert all(torch.equal(v, outcomes[1][k]) for k, v in outcomes[0].items())


def test_maps_do_not_depend_on_who_else_is_absent():
    model, x = encoders().eval(), clips()
    maps, of_all = model.maps(x), model.maps({u: x[u] for u in THREE})
    for u in THREE:
        torch.testing.assert_close(maps[u][THERE], of_all[u][THERE])


def test_gradients():
    x = torch.randn(3, 2, 4, dtype=torch.float64, requires_grad=True)

    def through(x):
        return scatter(gather(x, THERE) ** 2, THERE)

    assert torch.autograd.gradcheck(through, x)
    (grad,) = torch.autograd.grad(through(x).sum(), x)
    assert grad[~THERE].abs().max() == 0


def by_maps(model, x):
    """Features as algorithms that use the maps have them."""
    return {
        names[i]: pool_stack(maps, THERE)[:, i]
        for names, maps in model.stacks(x)
        for i in range(len(names))
    }


@pytest.mark.parametrize('run', [Encoders.features, by_maps])
def test_gradients_of_encoders_are_those_of_a_naive_mean(run):
    model, x = encoders().train(), clips()
    other = copy.deepcopy(model)
    v = {u: torch.randn(3, 8, dtype=torch.float64) for u in THREE}
    f = run(model, x)
    sum((f[u] * v[u]).sum() for u in THREE).backward()
    for u in THREE:
        maps = other[u](x[u][THERE][:, None])  # of four persons, in order
        y = maps.mean((3, 4))[:, 0]
        naive = torch.stack([y[0], (y[1] + y[2]) / 2, y[3]])
        torch.testing.assert_close(f[u], naive)
        (naive * v[u]).sum().backward()
    for ours, theirs in zip(model.parameters(), other.parameters()):
        torch.testing.assert_close(ours.grad, theirs.grad)


@pytest.mark.parametrize(
    'kind, views, options',
    [
        ('IKEM', 2, dict(exchange_begin=0.0)),
        ('AimCLR', 3, {}),
        ('CPM', 2, dict(positives=4)),
        (
            'SkeletonCLR',
            2,
            dict(exchange_space=dict(neck=neck(), bank_size=10)),
        ),
        ('RelationalDistillation', 2, {}),
        ('PSTL', 1, dict(masked_frames=2)),
        ('HYSP', 2, {}),
    ],
)
def test_algorithms_do_not_see_who_is_absent(kind, views, options):
    init_default_scope('mmaction')
    torch.manual_seed(0)
    model = build(kind, data_preprocessor=preprocessor(), **options).train()
    model.set_progress(1, 2)
    persons = torch.tensor([[True, i == 1] for i in range(4)])
    data = marked(4, views, persons)
    outcomes = []
    for content in (0.0, 7.0):
        for clip, there in zip(data['inputs'], persons):
            clip[:, ~there] = content
        other = copy.deepcopy(model)
        torch.manual_seed(1)  # of views drawn on the device
        losses = other.train_step(copy.deepcopy(data), sgd(other))
        outcomes.append({**other.state_dict(), **losses})
    assert all(torch.equal(v, outcomes[1][k]) for k, v in outcomes[0].items())
    assert outcomes[0]['loss'].isfinite()


def test_actclr_refuses():
    init_default_scope('mmaction')
    with pytest.raises(ValueError, match='lend each other'):
        build('ActCLR', data_preprocessor=preprocessor())


def test_shares_of_the_drop_count_those_who_are_there():
    maps = torch.randn(3, 2, 4, 5, 2, 6) ** 3
    maps[~THERE] = 0
    drop = drop_attended(maps, persons=THERE)
    a = attention(maps[THERE])  # (P, t, V, U, D)... of the persons alone
    alone = drop_attended(maps[THERE][:, None])
    assert a.shape == alone[:, 0].shape
    torch.testing.assert_close(drop[THERE], alone[:, 0])
    assert not torch.equal(drop, drop_attended(maps))


def test_backbones_of_a_number_of_persons_are_refused():
    model = encoders(dict(STGCN, data_bn_type='MVC', num_person=2))
    with pytest.raises(ValueError, match='STGCN has channels of each'):
        model.features(clips())


@pytest.mark.parametrize('collated', [True, False])
def test_data_samples_say_who_is_there(collated):
    init_default_scope('mmaction')
    module = MODELS.build(preprocessor(['joint']))
    data = marked(3, 2, THERE)
    if collated:
        data = dict(
            inputs=torch.stack(data['inputs']),
            data_samples=dict(persons=THERE, time_scale=torch.ones(3)),
        )
    inputs = module(data)['inputs']
    assert torch.equal(inputs[PERSONS], THERE[:, None].expand(3, 2, 2))


def test_data_samples_that_do_not_are_refused():
    init_default_scope('mmaction')
    module = MODELS.build(preprocessor(['joint']))
    with pytest.raises(KeyError, match='does not say which persons'):
        module(batch(2))
    data = marked(2, 2, torch.ones(2, 3, dtype=torch.bool))
    with pytest.raises(ValueError, match='2 persons, `persons` of .* 3'):
        module(data)


def test_padded_persons_are_absent():
    clip = dict(
        keypoint=np.ones((1, 4, 25, 3), np.float32),
        persons=np.ones(1, bool),
        time_scale=1.0,
    )
    packed = PackSkeleton(num_persons=3).transform(clip)
    assert packed['data_samples'].persons.tolist() == [True, False, False]
    assert packed['inputs'].shape == (1, 3, 4, 25, 3)


def test_classifier_and_what_is_deployed():
    init_default_scope('mmaction')
    classifier = build(
        'SkeletonClassifier', frozen=False, data_preprocessor=preprocessor()
    ).eval()
    deployed = DeployedClassifier(classifier)
    joints, raw_frames = random_clips(deployed, (2, 12, 25, 3), 4)
    data = marked(4, 1, (joints != 0).flatten(2).any(2))
    data['inputs'] = list(joints[:, None])
    for sample, raw in zip(data['data_samples'], raw_frames):
        sample.set_field(raw.item() / 12, 'time_scale')
    data = classifier.data_preprocessor(data)
    with torch.no_grad():
        f = classifier(**data)
        scores, features = deployed(joints, raw_frames)
    torch.testing.assert_close(torch.cat(list(f.values()), 1), features)
    assert scores.shape == (4, 5)
    losses = classifier(**data, mode='loss')
    assert sum(v for k, v in losses.items() if 'loss' in k).isfinite()


def test_encoders_of_the_other_way_are_warned_of(tmp_path):
    init_default_scope('mmaction')
    state = build().state_dict()
    path = tmp_path / 'trained.pth'
    cfg = "data_preprocessor=dict(skip_absent=True, type='...')"
    torch.save(dict(state_dict=state, meta=dict(cfg=cfg)), path)
    classifier = build('SkeletonClassifier', pretrained=str(path))
    with pytest.warns(UserWarning, match='trained with skip_absent=True'):
        classifier.init_weights()
    classifier.data_preprocessor.skip_absent = True
    with warnings.catch_warnings():
        warnings.simplefilter('error')
        classifier.init_weights()


def test_in_mixed_precision():
    init_default_scope('mmaction')
    model = build(data_preprocessor=preprocessor()).train()
    persons = torch.tensor([[True, False], [True, True], [True, False]])
    data = model.data_preprocessor(marked(3, 2, persons))
    with torch.autocast('cpu', torch.bfloat16):
        losses = model(**data, mode='loss')
        f = model(**data)
    loss, _ = model.parse_losses(losses)
    loss.backward()
    assert loss.isfinite()
    assert {x.dtype for x in f.values()} == {torch.float32}
