"""What clips take over from each other, against loops from the formulas."""

import math
from itertools import product

import pytest
import torch
import torch.nn.functional as F
from commands import in_ranks
from mmaction.registry import MODELS
from torch import distributed

from projects.ikem.models import batch_functions as functions
from projects.ikem.models.batch_transforms import (
    TRANSFERS,
    SwapDraw,
    TransferDraw,
)
from projects.ikem.models.modalities import derive_modalities
from projects.ikem.models.ranks import take_partners
from projects.ikem.skeletons import LAYOUTS, get_layout

N, M, T, V = 4, 2, 22, 25  # T is no multiple of the stride of 4
ROWS = 6
KINDS = ['paste', 'resize', 'mix']
layouts = pytest.mark.parametrize('name', LAYOUTS)


def build(name, **kwargs):
    return MODELS.build(dict(type=name, **kwargs))


def batch(n=N, t=T, v=V):
    return torch.randn(n, M, t, v, 3, dtype=torch.float64)


def close(actual, expected):
    torch.testing.assert_close(actual, expected, rtol=1e-12, atol=1e-12)


# Transfers


def naive_length(b):
    return math.sqrt(sum(c.item() ** 2 for c in b) + 1e-5)


@layouts
def test_transfer_of_joints(name):
    """Directions of bones stay, lengths are the partner's but for 1e-5."""
    layout = get_layout(name)
    v_all = layout.num_joints
    x = batch(3, 2, v_all)
    y = build('PartTransfer', layout=name)(x, TransferDraw(2))
    for n, m, t in product(range(3), range(M), range(2)):
        a, p = x[n, m, t], x[(n + 2) % 3, m, t]
        for v, u in enumerate(layout.parents):
            if v == u:
                close(y[n, m, t, v], a[v])
                continue
            b = a[v] - a[u]
            ratio = naive_length(p[v] - p[u]) / naive_length(b)
            close(y[n, m, t, v] - y[n, m, t, u], b * ratio)


def test_transfer_of_bones_is_that_of_joints():
    x, layout = batch(), get_layout('ntu-25-crossclr')
    bones = derive_modalities(x, ['bone'], layout)['bone']
    of_joints = build('PartTransfer', layout=layout.name)(x, TransferDraw(1))
    of_bones = build('PartTransfer', kind='bone', layout=layout.name)(
        bones, TransferDraw(1)
    )
    close(derive_modalities(of_joints, ['bone'], layout)['bone'], of_bones)


def test_transfer_of_motion():
    x = batch(3, 5)
    y = build('PartTransfer', kind='motion')(x, TransferDraw(1))
    for n, m, t, v, c in product(range(3), range(M), range(5), (0, 7), (0, 2)):
        p = (n + 1) % 3
        mu = sum(x[n, m, t, w, c] for w in range(V)) / V
        mu_p = sum(x[p, m, t, w, c] for w in range(V)) / V
        sd, sd_p = (x[i, m, :, v, c].var().sqrt() for i in (n, p))
        expected = (x[n, m, t, v, c] - mu) / (sd + 1e-3) * sd_p + mu_p
        close(y[n, m, t, v, c], expected)


def test_transfer_as_it_once_was():
    layout = get_layout('ntu-25')
    x = batch(3, 2)
    transfer = build('PartTransfer', kind='legacy')
    y = transfer(x, TransferDraw(1), epoch=100)
    for n, t, v, c in product(range(3), range(2), (3, 7, 19, 24), range(3)):
        u, p = layout.parents[v], (n + 1) % 3
        length, length_p = (
            math.sqrt(sum((x[i, :, t, v, c] - x[i, :, t, u, c]) ** 2) + 1e-5)
            for i in (n, p)
        )
        r = (length_p / length) ** 0.2
        for m in range(M):
            b = x[n, m, t, v, c] - x[n, m, t, u, c]
            close(y[n, m, t, v, c] - y[n, m, t, u, c], b * r)


@pytest.mark.parametrize('kind', TRANSFERS)
def test_transfer_from_itself_changes_nothing(kind):
    """Motion also loses a part of it by its 1e-3, and absent persons stay."""
    x = batch()
    x[1, 1] = 0
    y = TRANSFERS[kind](x, x, get_layout('ntu-25'))
    tolerance = 1e-2 if kind == 'motion' else 1e-12
    torch.testing.assert_close(y, x, rtol=tolerance, atol=tolerance)
    assert not y[1, 1].any()


# Swaps


def naive_swap(x, draw, layout):
    joints = {v for part in draw.parts for v in layout.parts[part]}
    y, (taken, lent) = x.clone(), x.new_zeros(2, ROWS, V)
    for n, m, t, v in product(range(N), range(M), range(T), range(V)):
        p = x[(n + draw.shift) % N, m]
        begin, end = 4 * draw.start, 4 * (draw.start + draw.length)
        inside = v in joints and begin <= t < end
        if draw.kind == 'mix':
            y[n, m, t, v] = (1 - draw.weight) * x[n, m, t, v]
            y[n, m, t, v] += draw.weight * p[t, v]
            taken[t // 4, v] = lent[t // 4, v] = draw.weight
        elif draw.kind == 'paste' and inside:
            y[n, m, t, v] = p[t, v]
            taken[t // 4, v] = lent[t // 4, v] = 1
        elif draw.kind == 'resize' and v in joints:
            lent[t // 4, v] = 1
            if inside:
                frames = end - begin
                y[n, m, t, v] = p[
                    (t - begin) * min(T, 2 * frames) // frames, v
                ]
                taken[t // 4, v] = 1
    return y, taken, lent


@pytest.mark.parametrize('kind', KINDS)
@pytest.mark.parametrize('start, length', [(0, 1), (2, 2), (2, 3), (0, 5)])
def test_swap(kind, start, length):
    x, swap = batch(), build('RegionSwap')
    before = x.clone()
    parts = ('left_leg', 'trunk')
    draw = SwapDraw(3, kind, parts, start, length, 0.3)
    for value, expected in zip(
        swap(x, draw), naive_swap(x, draw, swap.layout)
    ):
        close(value, expected)
    close(x, before)


def test_a_swap_changes_nothing_outside_of_its_cells():
    x, swap = batch(), build('RegionSwap')
    for kind in ('paste', 'resize'):
        y = swap(x, SwapDraw(1, kind, ('left_arm',), 1, 3))
        frames = y.taken.repeat_interleave(4, 0)[:T]
        assert ((y.x != x).any(-1) == (frames > 0)).all()
        assert y.taken.sum() == 3 * 6


def test_mixing_joints_mixes_linear_modalities():
    """And none of the others."""
    x, swap = batch(), build('RegionSwap', layout='ntu-25-crossclr')
    names = ['joint', 'motion', 'bone', 'acceleration', 'rotation_axis']
    draw = SwapDraw(2, 'mix', weight=0.4)

    def derive(x):
        return derive_modalities(x, names, swap.layout)

    mixed = derive(swap(x, draw).x)
    for name, value in derive(x).items():
        expected = swap(value, draw).x
        if name == 'rotation_axis':
            assert (mixed[name] - expected).abs().max() > 0.1
        else:
            close(mixed[name], expected)


@layouts
def test_swap_of_any_layout(name):
    v = get_layout(name).num_joints
    swap, x = build('RegionSwap', layout=name), batch(v=v)
    for _ in range(20):
        y = swap(x, swap.draw(N, T))
        assert y.x.shape == x.shape and y.taken.shape == (ROWS, v)


# Draws


def test_draws_of_a_swap():
    swap = build('RegionSwap')
    draws = [swap.draw(N, 50) for _ in range(3000)]
    share = {k: sum(d.kind == k for d in draws) / 3000 for k in KINDS}
    assert abs(share['paste'] - 0.5) < 0.04
    assert abs(share['resize'] - 0.25) < 0.04
    assert {d.shift for d in draws} == {1, 2}
    assert {len(d.parts) for d in draws} == {2, 3}
    assert all(len(set(d.parts)) == len(d.parts) for d in draws)
    windows = {(d.length, d.start) for d in draws}
    assert windows == {(n, s) for n in (3, 4, 5) for s in range(13 - n)}
    for part in swap.parts:
        drawn = sum(part in d.parts for d in draws) / 3000
        assert abs(drawn - 0.5) < 0.04
    weights = torch.tensor([d.weight for d in draws])
    assert abs(weights.mean() - 0.5) < 0.03 and 0 < weights.min()


def test_other_numbers_of_a_swap():
    swap = build(
        'RegionSwap',
        num_parts=[1, 2],
        lengths=[1, 2, 3],
        probs=dict(paste=0.0, mix=1.0),
    )
    draws = [swap.draw(N, T) for _ in range(100)]
    assert {d.kind for d in draws} == {'mix'}
    assert {len(d.parts) for d in draws} == {1, 2}
    assert {d.length for d in draws} == {1, 2, 3}
    # no longer than the clips
    assert {swap.draw(N, 9).length for _ in range(50)} == {1, 2}


def test_draws_are_a_function_of_their_numbers():
    swap, transfer = build('RegionSwap'), build('PartTransfer')
    uniforms = [0.99, 0.6, 0.0, 0.5, 0.99, 0.25, 0.3, 0.9, 0.1, 0.5, 0.7]
    assert swap.draw(5, 50, uniforms) == SwapDraw(
        3, 'resize', ('right_arm', 'trunk'), 8, 4, 0.25
    )
    shifts = [transfer.draw(6, [u / 8]).shift for u in range(8)]
    assert shifts == [1, 1, 2, 2, 3, 3, 4, 4]


def test_draws_are_those_of_the_generator_of_the_cpu():
    """Whose state a checkpoint keeps; as many numbers whatever is drawn."""
    swap, transfer = build('RegionSwap'), build('PartTransfer')
    state = torch.get_rng_state()
    first = swap.draw(N, T), transfer.draw(N)
    end = torch.get_rng_state()
    torch.set_rng_state(state)
    assert (swap.draw(N, T), transfer.draw(N)) == first
    assert torch.equal(torch.get_rng_state(), end)
    torch.set_rng_state(state)
    torch.rand(12, dtype=torch.float64)
    assert torch.equal(torch.get_rng_state(), end)


# Cells


def test_upsampled_cells():
    cells = torch.rand(N, M, ROWS, V, dtype=torch.float64)
    for t in (1, 6, 22, 24):
        frames = functions.upsample(cells, t)
        assert frames.shape == (N, M, t, V)
        for i in range(t):
            r = i * (ROWS - 1) / max(t - 1, 1)
            a = min(math.floor(r), ROWS - 2)
            expected = (a + 1 - r) * cells[:, :, a]
            expected = expected + (r - a) * cells[:, :, a + 1]
            close(frames[:, :, i], expected)


def test_composed_clips():
    x, y = batch(), batch()
    cells = torch.rand(N, M, ROWS, V).round().double()
    z = functions.compose(cells, x, y)
    close(functions.compose(torch.ones_like(cells), x, y), x)
    close(functions.compose(torch.zeros_like(cells), x, y), y)
    # persons and joints each have their own
    n, m, v = 1, 1, 9
    for i, a in ((0, cells[n, m, 0, v]), (T - 1, cells[n, m, -1, v])):
        close(z[n, m, i, v], (x if a else y)[n, m, i, v])


def naive_key(keys, A, y, draw, i):
    w, p = [[0, 0], [0, 0]], (i + draw.shift) % N
    for k, cells, share in ((0, A[i], 1 - y.taken), (1, A[p], y.lent)):
        for m in range(M):
            total = kept = 0
            for r, v in product(range(ROWS), range(V)):
                e = math.exp(cells[m, r, v] / 0.1)
                total += e + 1e-5 * k
                kept += e * share[r, v].item()
            w[k][m] = kept / (total + 1e-5 * (1 - k))
    C, P = sum(w[0]) / M, sum(w[1]) / M
    key = (C * keys[i] + P * keys[p]) / (P + C)
    return C, P, key / key.norm()


@pytest.mark.parametrize('kind', KINDS)
def test_mixed_keys(kind):
    x, swap = batch(), build('RegionSwap')
    draw = SwapDraw(2, kind, ('left_leg', 'trunk'), 1, 3, 0.3)
    y = swap(x, draw)
    A = torch.rand(N, M, ROWS, V, dtype=torch.float64)
    keys = F.normalize(torch.randn(N, 8, dtype=torch.float64), dim=1)
    own, given = functions.swapped_weights(A, y.taken, y.lent)
    mixed = functions.mixed_keys(keys, own, given, draw.shift)
    for i in range(N):
        C, P, key = naive_key(keys, A, y, draw, i)
        assert math.isclose(own[i], C) and math.isclose(given[(i + 2) % N], P)
        close(mixed[i], key)


def test_keys_of_mixed_clips_are_mixed_alike():
    """All cells count the same, whatever the actionlet."""
    A = torch.rand(N, M, ROWS, V, dtype=torch.float64)
    B = torch.full((ROWS, V), 0.3, dtype=torch.float64)
    own, given = functions.swapped_weights(A, B, B)
    torch.testing.assert_close(own, torch.full_like(own, 0.7))
    torch.testing.assert_close(given, torch.full_like(own, 0.3))


def test_weights_of_channels():
    """As once released: the weight of clip j is that of channel j."""
    keys, own, given = torch.rand(5, 5), torch.rand(5), torch.rand(5)
    mixed = functions.mixed_keys(keys, own, given, 1, channel=True)
    for i in range(5):
        p = (i + 1) % 5
        key = torch.tensor(
            [
                (own[j] * keys[i, j] + given[(j + 1) % 5] * keys[p, j])
                / (own[j] + given[(j + 1) % 5])
                for j in range(5)
            ]
        )
        torch.testing.assert_close(mixed[i], key / key.norm())
    with pytest.raises(ValueError, match='4 clips of a rank .* 5 channels'):
        functions.mixed_keys(keys[:4], own[:4], given[:4], 1, channel=True)


# Errors


@pytest.mark.parametrize(
    'kwargs, match',
    [
        (dict(num_parts=[6]), 'num_parts .* 1 to 5'),
        (dict(num_parts=[]), 'num_parts'),
        (dict(lengths=[0, 1]), 'lengths'),
        (dict(probs=dict(cut=1.0)), 'probs'),
        (dict(probs=dict(mix=0.5)), 'sum to 1'),
    ],
)
def test_swaps_that_cannot_be(kwargs, match):
    with pytest.raises(ValueError, match=match):
        build('RegionSwap', **kwargs)


def test_errors_name_the_remedy():
    bare = dict(name='bare', parents=[0, 0, 1], center=0, shoulders=(0, 2))
    with pytest.raises(ValueError, match="'bare' has no parts"):
        build('RegionSwap', layout=bare)
    with pytest.raises(ValueError, match="one of .*, got 'angle'"):
        build('PartTransfer', kind='angle')
    swap, transfer = build('RegionSwap'), build('PartTransfer')
    with pytest.raises(ValueError, match='batch size to 3 or more'):
        transfer.draw(2)
    with pytest.raises(ValueError, match='clips have 3: prepare longer'):
        swap.draw(N, 3)
    for call, draw in (
        (transfer, TransferDraw(1)),
        (swap, SwapDraw(1, 'paste', ('trunk',), 0, 1)),
    ):
        with pytest.raises(ValueError, match="'ntu-25' of 25 .* `layout`"):
            call(batch(v=20), draw)


# Ranks


def of_batch(rank, ranks):
    """What a rank makes of its share of a batch."""
    torch.manual_seed(1)
    x = batch(6)[rank::ranks]  # as DefaultSampler deals them out
    keys = torch.randn(6, 4, dtype=torch.float64)[rank::ranks]
    A = torch.rand(6, M, ROWS, V, dtype=torch.float64)[rank::ranks]
    swap, transfer = build('RegionSwap'), build('PartTransfer')
    torch.manual_seed(2 + rank)  # the first rank's draws count
    results = []
    for _ in range(6):
        draws = transfer.draw(len(x)), swap.draw(len(x), T)
        y = swap(transfer(x, draws[0]), draws[1])
        weights = functions.swapped_weights(A, y.taken, y.lent)
        mixed = functions.mixed_keys(keys, *weights, draws[1].shift)
        results.append((draws, y.x, mixed))
    return results


def work(rank, ranks, folder):
    torch.set_num_threads(1)
    distributed.init_process_group(
        'gloo',
        init_method=f'file://{folder}/group',
        rank=rank,
        world_size=ranks,
    )
    torch.save(of_batch(rank, ranks), folder / f'{rank}.pt')
    distributed.barrier()
    distributed.destroy_process_group()


@pytest.mark.parametrize('ranks', [2, 3])
def test_ranks_equal_one(ranks, tmp_path):
    in_ranks(ranks, work, tmp_path)
    alone = of_batch(0, 1)
    assert {draws[1].kind for draws, *_ in alone} > {'paste'}
    for rank in range(ranks):
        share = torch.load(tmp_path / f'{rank}.pt', weights_only=False)
        for (draws, *values), (draws_alone, *expected) in zip(share, alone):
            assert draws == draws_alone
            for value, all_values in zip(values, expected):
                assert torch.equal(value, all_values[rank::ranks])


def test_partners():
    x = torch.arange(5)
    assert take_partners(x, 2).tolist() == [2, 3, 4, 0, 1]
