import math

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from mmaction.registry import MODELS
from tiny_models import (
    EXCHANGE,
    SIX,
    SLIM,
    THREE,
    batch,
    build,
    modalities_of,
    sgd,
)

from projects.ikem.models import SlimSTGCN
from projects.ikem.models.encoder import pool
from projects.ikem.models.losses import barlow_twins, info_nce
from projects.ikem.models.masking import (
    calm_frames,
    central_joints,
    entries_of_bones,
    motion_attention,
    take_frames,
)
from projects.ikem.skeletons import LAYOUTS, get_layout

NTU = get_layout('ntu-25')


# the loss


def whitened(n, d):
    x = torch.randn(n, d, dtype=torch.float64)
    return (x - x.mean(0)) / x.std(0, correction=0)


@pytest.mark.parametrize('n, d', [(5, 12), (12, 5)])
def test_it_is_that_of_the_matrix(n, d):
    """Which is never built: by a naive loop over it."""
    z = [whitened(n, d).requires_grad_() for _ in range(2)]
    C = z[0].T @ z[1] / n
    expected = sum(
        (C[i, j] - 1) ** 2 if i == j else 0.01 * C[i, j] ** 2
        for i in range(d)
        for j in range(d)
    )
    loss = barlow_twins(*z, 0.01)
    torch.testing.assert_close(loss, expected)
    torch.testing.assert_close(
        torch.autograd.grad(loss, z), torch.autograd.grad(expected, z)
    )


def test_it_vanishes_for_equal_views_of_uncorrelated_channels():
    z = torch.linalg.qr(whitened(20, 6))[0] * 20**0.5
    assert barlow_twins(z, z, 0.5) < 1e-12
    assert barlow_twins(z, -z, 0.5) == pytest.approx(4 * 6)


# masks


@pytest.mark.parametrize('layout', LAYOUTS.values(), ids=LAYOUTS)
def test_central_joints_are_left_out_more_often(layout):
    degrees = np.zeros(layout.num_joints)
    for v, w in layout.edges:
        degrees[v] += 1
        degrees[w] += 1
    entries = entries_of_bones(layout)
    assert np.array_equal(np.bincount(entries), degrees)
    masked = np.zeros((2000, layout.num_joints))
    for row in masked:
        kept = central_joints(layout, torch.rand(len(entries)), 8)
        assert kept == sorted(kept)
        row[[v for v in range(layout.num_joints) if v not in kept]] = 1
    E = len(entries)
    share = [1 - math.comb(E - int(d), 8) / math.comb(E, 8) for d in degrees]
    np.testing.assert_allclose(masked.mean(0), share, atol=0.05)
    numbers = masked.sum(1)
    assert numbers.max() <= 8 and numbers.min() < 8


def test_the_smallest_numbers_are_drawn():
    numbers = torch.ones(48)
    entries = entries_of_bones(NTU)
    twice = [i for i, v in enumerate(entries) if v == 20][:2]
    for order, i in enumerate([*twice, 0, 4]):
        numbers[i] = order / 10
    drawn = {20, entries[0], entries[4]}
    kept = central_joints(NTU, numbers, 4)
    assert set(range(25)) - set(kept) == drawn
    assert len(central_joints(NTU, numbers, 4, distinct=True)) == 25 - 4


def test_frames_against_a_naive_loop():
    x = torch.randn(3, 2, 12, 25, 3, dtype=torch.float64)
    numbers = torch.rand(3, 9)
    kept = calm_frames(x, numbers, 3)
    assert kept.shape == (3, 6)
    for n in range(3):
        a = [
            -float(((x[n, :, t + 1] - x[n, :, t]) ** 2).mean())
            for t in range(11)
        ]
        a.append(0.0)
        np.testing.assert_allclose(motion_attention(x)[n], a)
        calm = sorted(sorted(range(12), key=lambda t: -a[t])[:9])
        assert 11 in calm  # the last frame
        places = sorted(sorted(range(9), key=lambda i: numbers[n, i])[:6])
        assert kept[n].tolist() == [calm[i] for i in places]
        expected = x[n][:, kept[n]]
        assert torch.equal(take_frames(x, kept)[n], expected)


def test_of_frames_that_do_not_move_the_earliest_stay():
    x = torch.zeros(1, 1, 10, 3, 3)
    kept = calm_frames(x, torch.rand(7), 3)
    assert kept.max() < 7


# the graph without joints


def test_joints_without_a_graph_are_no_zeros_and_count_for_the_norm():
    kept = [v for v in range(25) if v not in (0, 7, 20)]
    backbone = SlimSTGCN(base_channels=4, out_channels=8).double().eval()
    x = torch.randn(2, 1, 8, 25, 3, dtype=torch.float64)
    zeros = x.clone()
    zeros[..., [0, 7, 20], :] = 0  # another function
    f = pool(backbone(x, kept))
    assert not torch.allclose(f, pool(backbone(zeros)), rtol=1e-3)
    backbone.train()
    backbone(x, kept)
    mean = backbone.data_bn.running_mean.view(25, 3)
    assert mean[[0, 7, 20]].abs().min() > 0


@pytest.mark.parametrize('renormalize', [False, True])
def test_the_subgraph_against_a_graph_of_its_own(renormalize):
    kept = [v for v in range(25) if v not in (0, 7, 20)]
    x = torch.randn(2, 1, 8, 25, 3, dtype=torch.float64)
    whole = SlimSTGCN(base_channels=4, out_channels=8, renormalize=renormalize)
    whole.double().eval()
    part = SlimSTGCN(
        layout=dict(
            name='part',
            parents=(0,) * 22,
            center=0,
            shoulders=(1, 2),
        ),
        base_channels=4,
        out_channels=8,
    )
    part.double().eval()
    state = whole.state_dict()
    for name, value in state.items():
        if name.endswith(('gcn.A', 'gcn.PA')):
            value = value[:, kept][:, :, kept]
            if renormalize and name.endswith('gcn.A'):
                value = value / value.sum((0, 1))
            state[name] = value
        elif name.startswith('data_bn') and value.dim():
            state[name] = value.view(25, 3)[kept].flatten()
    part.load_state_dict(state)
    torch.testing.assert_close(whole(x, kept), part(x[..., kept, :]))


# the algorithm


def naive_losses(model, clips, joints):
    """Of the views that the model drew, each modality alone."""
    anchor, temporal, spatial = clips
    for u in model.modalities:
        encoder = model.query[u]
        z = [
            encoder.neck(pool(encoder.backbone(x, *which)))
            for x, *which in (
                [anchor[u]],
                [temporal[u]],
                [spatial[u], joints],
            )
        ]
        for view, other in (('temporal', z[1]), ('spatial', z[2])):
            C = z[0].T @ other / len(other)
            off = C.square().sum() - C.diagonal().square().sum()
            loss = (C.diagonal() - 1).square().sum() + model.weight * off
            yield f'loss_{view}_{u}', loss


def record(model, monkeypatch):
    """What the model draws in a step."""
    drawn = {}

    def recorded(name, method):
        def call(*args):
            drawn[name] = method(*args)
            return drawn[name]

        monkeypatch.setattr(model, name, call)

    for name in ('draw_views', 'draw_joints', 'mask_frames'):
        recorded(name, getattr(model, name))
    return drawn


@pytest.mark.parametrize('modalities', [('motion',), THREE, SIX])
def test_losses_are_those_of_the_views(modalities, monkeypatch):
    model = build('PSTL', modalities).double().train()
    drawn = record(model, monkeypatch)
    inputs = modalities_of(model, n=4, views=1)
    inputs = {u: x.double() for u, x in inputs.items()}
    losses = model(inputs, mode='loss')
    anchor, _, spatial = drawn['draw_views']
    temporal = drawn['mask_frames']
    assert temporal[modalities[0]].shape == (4, 2, 8, 25, 3)
    expected = dict(
        naive_losses(model, (anchor, temporal, spatial), drawn['draw_joints'])
    )
    assert len(expected) == 2 * len(modalities)
    for name, loss in expected.items():
        torch.testing.assert_close(losses[name], loss)


def test_modalities_share_a_view():
    """Those of augmented joints, of the same frames; alone, a modality is
    augmented itself, and so are several with stream_first."""
    inputs = {}
    for stream_first in (None, True):
        model = build('PSTL', THREE, stream_first=stream_first).double()
        torch.manual_seed(1)
        inputs = modalities_of(model, n=2, views=1)
        views = {u: x.double()[:, 0] for u, x in inputs.items()}
        for view in model.draw_views(views):
            derived = model.data_preprocessor.derive(
                view['joint'], torch.full((2,), 1.5)
            )
            # shear, rotation and flip commute with the differences in time,
            # the crop does not
            same = torch.allclose(derived['motion'], view['motion'])
            assert same == (stream_first is None)
    assert 'joints' not in inputs
    alone = build('PSTL', ['motion'])
    assert alone.stream_first and alone.attention == 'own'
    several = build('PSTL', ['bone', 'motion'])
    assert not several.stream_first and several.attention == 'bone'
    clips = dict.fromkeys(THREE, torch.randn(2, 1, 12, 25, 3))
    clips['motion'] = torch.randn(2, 1, 12, 25, 3)
    for attention, shared in ((None, True), ('own', False), ('motion', True)):
        model = build('PSTL', THREE, attention=attention)
        torch.manual_seed(1)
        kept = model.mask_frames(clips)
        frames = [
            [clips[u][0, 0, :, 0, 0].tolist().index(float(t)) for t in row]
            for u, row in ((u, kept[u][0, 0, :, 0, 0]) for u in kept)
        ]
        assert (frames[0] == frames[1]) == shared


def test_a_step_lowers_the_loss_and_repeats():
    def losses():
        torch.manual_seed(0)
        model = build('PSTL', ['joint']).train()
        wrapper = sgd(model, 0.005)
        data = batch(6, t=6, views=1)
        values = []
        for _ in range(5):
            torch.manual_seed(4)  # one draw of all views
            values.append(model.train_step(data, wrapper)['loss'].item())
        return values

    first, second = losses(), losses()
    assert first == second
    assert first[-1] < first[0]


def test_both_partial_views_look_for_the_key_of_the_anchor(monkeypatch):
    model = build('PSTL', THREE, **EXCHANGE).double().train()
    drawn = record(model, monkeypatch)
    space = model.exchange_space
    banks = {u: space.bank[u].clone() for u in THREE}
    inputs = modalities_of(model, n=4, views=1)
    inputs = {u: x.double() for u, x in inputs.items()}
    model.set_progress(0, 2)
    for module in (model.query, space.key):
        module.eval()  # or statistics would move
    losses = model(inputs, mode='loss')
    key = space.key(drawn['draw_views'][0])
    f = [
        model.query.features(drawn['mask_frames']),
        model.query.features(drawn['draw_views'][2], drawn['draw_joints']),
    ]
    for u in THREE:
        expected = [
            info_nce(F.normalize(space.neck[u](x[u])), key[u], banks[u])
            for x in f
        ]
        torch.testing.assert_close(
            losses[f'loss_space_{u}'], sum(expected) / 2
        )
        torch.testing.assert_close(space.bank[u][:4], key[u])
    assert space.bank.pointer == 4
    model.set_progress(1, 2)
    losses = model(inputs, mode='loss')
    for kind in ('temporal', 'spatial', 'explicit', 'implicit'):
        assert f'loss_{kind}_motion' in losses


def test_without_masks_or_flip_it_takes_any_backbone():
    backbone = dict(
        type='STGCN', graph_cfg=dict(layout='nturgb+d', mode='stgcn_spatial')
    )
    options = dict(
        backbone=dict(backbone, base_channels=8, num_stages=1),
        neck=dict(type='BarlowTwinsProjector', in_channels=8, out_channels=4),
    )
    with pytest.raises(ValueError, match='SlimSTGCN'):
        build('PSTL', **options)
    model = build('PSTL', masked_joints=0, masked_frames=0, **options)
    losses = model.train_step(batch(3, views=1), sgd(model, 1e-3))
    assert losses['loss'].isfinite()


@pytest.mark.parametrize(
    'wrong, message',
    [
        (dict(masked_joints=25), 'masked_joints'),
        (dict(masked_frames=-1), 'masked_frames'),
        (dict(attention='bones'), 'attention'),
        (dict(exchanges=['ExplicitExchange']), 'exchange_space'),
        (dict(views=dict(shear=-1.0)), 'shear'),
    ],
)
def test_errors(wrong, message):
    with pytest.raises(ValueError, match=message):
        build('PSTL', **wrong)


def test_errors_of_data():
    model = build('PSTL', masked_frames=6)
    with pytest.raises(ValueError, match='masked_frames to 5'):
        model.train_step(batch(views=1), sgd(model))
    with pytest.raises(ValueError, match='1 views'):
        model.train_step(batch(views=2), sgd(model))
    model = build('PSTL')
    with pytest.raises(ValueError, match='drop_last'):
        model.train_step(batch(1, views=1), sgd(model))


def test_initialization_is_that_of_torch():
    """With ``init_cfg=None``, as the configs have it."""
    model = build('PSTL', ['joint'], backbone=dict(SLIM, init_cfg=None))
    before = {k: v.clone() for k, v in model.state_dict().items()}
    model.init_weights()
    for name, value in model.state_dict().items():
        assert torch.equal(value, before[name]), name
    conv = model.query['joint'].backbone.gcn[5].tcn.conv
    bound = 1 / math.sqrt(conv.in_channels * 9)
    for p in conv.parameters():
        assert 0.5 * bound < p.abs().max() <= bound


def test_the_projector():
    neck = MODELS.build(dict(type='BarlowTwinsProjector', out_channels=6))
    assert sum(p.numel() for p in neck.parameters()) == 256 * 6 + 2 * 36 + 24
    z = neck(torch.randn(50, 256))
    torch.testing.assert_close(z.mean(0), torch.zeros(6), atol=1e-5, rtol=0)
    assert z.std(0, correction=0).tolist() == pytest.approx([1] * 6, abs=1e-2)
    with torch.device('meta'):
        neck = MODELS.build(dict(type='BarlowTwinsProjector'))
    assert sum(p.numel() for p in neck.parameters()) == 77_094_912
