"""Encoders that run as one pass do what each of them does alone."""

import copy
import io
import pickle
from functools import cache

import pytest
import torch
import torch.nn.functional as F
from mmaction.registry import MODELS
from tiny_models import SIX as MODALITIES
from tiny_models import SLIM
from torch.nn.modules.batchnorm import _BatchNorm

from projects.ikem.models import encoder
from projects.ikem.models.backbones import stgcn
from projects.ikem.models.encoder import Encoders, Projectors, pool
from projects.ikem.models.memory_bank import MemoryBank
from projects.ikem.models.moving_average import update_average
from projects.ikem.models.stacking import as_rows, unstacked

JOINTS = [v for v in range(25) if v not in (3, 11, 20)]
NECK = dict(type='MLPProjector', hid_channels=8, out_channels=6)
FRAMES = 2 * 2 * 9  # of one modality


def randomise(module):
    """Tensors of which no two are equal, variances of which are positive."""
    for name, x in module.state_dict().items():
        if x.is_floating_point() and not name.endswith('gcn.A'):
            x.copy_(torch.rand_like(x) + 0.1)
            if not name.endswith(('bn.weight', 'var', 'PA')):
                x.sub_(0.6)
    return module


@cache
def template(size, dropout):
    backbone = dict(SLIM, dropout=dropout)
    return Encoders(MODALITIES[:size], backbone, NECK).double()


def build(size=3, dropout=0.0):
    return randomise(copy.deepcopy(template(size, dropout)))


def clips(size=3):
    x = torch.randn(size, 2, 2, 9, 25, 3, dtype=torch.float64)
    return dict(zip(MODALITIES, x))


def together(encoders, x, **options):
    return encoders.features(x, **options)


def apart(encoders, x, **options):
    return {u: pool(b(x[u], **options)) for u, b in encoders.backbones.items()}


def outcome(encoders, run, x, **options):
    """Features, all gradients, and the state after a pass."""
    encoders.zero_grad()
    x = {u: v.clone().requires_grad_() for u, v in x.items()}
    f = run(encoders, x, **options)
    torch.manual_seed(1)
    sum((y * torch.randn_like(y)).sum() for y in f.values()).backward()
    return dict(
        features=f,
        clips={u: v.grad for u, v in x.items()},
        gradients={n: p.grad for n, p in encoders.named_parameters()},
        state=encoders.state_dict(),
    )


def assert_equal(ours, theirs):
    torch.testing.assert_close(ours, theirs, rtol=1e-10, atol=1e-10)


def assert_as_apart(encoders, x, **options):
    theirs = outcome(copy.deepcopy(encoders), apart, x, **options)
    assert_equal(outcome(encoders, together, x, **options), theirs)


@pytest.fixture
def passes(monkeypatch):
    """Number of modalities of each stacked pass."""
    sizes, encode = [], encoder.encode

    def counted(x, *args):
        sizes.append(x.size(3))
        return encode(x, *args)

    monkeypatch.setattr(encoder, 'encode', counted)
    return sizes


@pytest.mark.parametrize('size', [1, 3, 6])
@pytest.mark.parametrize('training', [True, False])
def test_one_pass_is_one_encoder_at_a_time(passes, training, size):
    encoders, x = build(size).train(training), clips(size)
    assert_as_apart(encoders, x)
    assert passes == [size]
    tracked = encoders['joint'].backbone.gcn[9].tcn.bn.num_batches_tracked
    assert tracked == training
    assert_as_apart(encoders, x)


@pytest.mark.parametrize('joints', [None, JOINTS])
@pytest.mark.parametrize('training', [True, False])
def test_maps_and_some_of_the_joints(passes, training, joints):
    encoders, x = build().train(training), clips()
    assert_as_apart(encoders, x, joints=joints)
    other = copy.deepcopy(encoders)
    maps = encoders.maps(x, joints=joints)
    assert passes == [3, 3]
    for u, y in maps.items():
        assert y.shape == (2, 2, 8, 3, 22 if joints else 25)
        assert_equal(y, other[u].backbone(x[u], joints=joints))


def test_projections(passes):
    encoders, x = build(), clips()
    theirs = outcome(
        copy.deepcopy(encoders),
        lambda e, x: {u: F.normalize(m(x[u]), dim=-1) for u, m in e.items()},
        x,
    )
    assert_equal(outcome(encoders, Encoders.forward, x), theirs)
    assert all(g is not None for g in theirs['gradients'].values())
    assert passes == [3]


def other_backbone():
    return randomise(MODELS.build(SLIM).double())


def replace(encoders):
    encoders['joint'].backbone = other_backbone()


def replace_part(encoders):
    encoders['motion'].backbone.gcn[2] = other_backbone().gcn[2]


def replace_parameter(encoders):
    block = encoders['motion'].backbone.gcn[2]
    block.tcn.conv.weight = other_backbone().gcn[2].tcn.conv.weight


def exchange_data(encoders):
    a, b = (encoders[u].backbone.data_bn.weight for u in MODALITIES[:2])
    a.data, b.data = b.data, a.data


@pytest.mark.parametrize(
    'change',
    [
        lambda encoders: encoders.float().double(),
        lambda encoders: encoders.load_state_dict(build(2).state_dict()),
        lambda encoders: encoders.load_state_dict(
            build(2).state_dict(), assign=True
        ),
        replace,
        replace_part,
        replace_parameter,
        exchange_data,
    ],
)
def test_the_parameters_are_those_of_now(passes, change):
    encoders, x = build(2), clips(2)
    encoders.features(x)
    change(encoders)
    for _ in range(2):
        assert_as_apart(encoders, x)
        sgd_step(encoders)
    assert passes == [2, 2, 2]


def sgd_step(encoders):
    torch.optim.SGD(encoders.parameters(), lr=0.01).step()


def test_modalities_that_share_a_backbone():
    encoders, x = build(), clips()
    encoders['joint'].backbone = encoders['bone'].backbone
    other = copy.deepcopy(encoders)
    for _ in range(2):
        theirs = outcome(other, apart, x)
        assert_equal(outcome(encoders, together, x), theirs)
        sgd_step(encoders)
        sgd_step(other)


@pytest.mark.parametrize('run', [apart, together])
def test_a_change_between_the_passes_is_refused(run):
    """Gradients of other parameters than those that were used are wrong."""
    encoders, x = build(), clips()
    f = run(encoders, x)
    with torch.no_grad():
        for p in encoders.parameters():
            p.mul_(2)
    with pytest.raises(RuntimeError, match='inplace'):
        sum(y.sum() for y in f.values()).backward()


def test_precision():
    encoders, x = build(2).eval(), clips(2)
    expected = apart(encoders, x)
    encoders.features(x)
    f = encoders.float().features({u: v.float() for u, v in x.items()})
    for u, y in f.items():
        assert y.dtype == torch.float32
        torch.testing.assert_close(y.double(), expected[u], rtol=1e-4, atol=0)
    assert_as_apart(encoders.double(), x)


def storages(*tensors):
    return {x.untyped_storage().data_ptr() for x in tensors}


def share_memory(module, other):
    ours, theirs = (m.state_dict().values() for m in (module, other))
    return storages(*ours) & storages(*theirs)


@pytest.mark.parametrize('before', [True, False])
def test_a_copy_has_memory_of_its_own(before):
    encoders, x = build(2), clips(2)
    if before:
        encoders(x)
    other = copy.deepcopy(encoders)
    assert not share_memory(encoders, other)
    randomise(other)
    assert_as_apart(other, x)
    assert_as_apart(encoders, x)
    assert not share_memory(encoders, other)


@pytest.mark.parametrize('before', [True, False])
def test_pickles(before):
    """Of projectors: the toolbox's blocks have functions without a name."""
    projectors = randomise(Projectors(MODALITIES, NECK, 8).double())
    f = dict(zip(MODALITIES, torch.randn(6, 4, 8, dtype=torch.float64)))
    if before:
        projectors(f)
    other = pickle.loads(pickle.dumps(projectors))
    assert not share_memory(projectors, other)
    assert_equal(other(f), {u: g(f[u]) for u, g in projectors.items()})
    randomise(other)
    assert_equal(other(f), {u: g(f[u]) for u, g in other.items()})


def train(encoders, run, x, steps=2):
    optimizer = torch.optim.SGD(
        encoders.parameters(), lr=0.01, momentum=0.9, weight_decay=0.1
    )
    for _ in range(steps):
        outcome(encoders, run, x)
        optimizer.step()
    return outcome(encoders, run, x)


def test_steps_of_an_optimiser(passes):
    encoders, x = build(), clips()
    before = copy.deepcopy(encoders)
    ours = train(encoders, together, x)
    assert_equal(ours, train(copy.deepcopy(before), apart, x))
    assert passes == 3 * [3]
    for u, m in encoders.items():
        for name, p in m.backbone.named_parameters():
            assert p.grad.shape == p.shape
            assert not torch.equal(p, before[u].backbone.get_parameter(name))


def test_gradients_add_up():
    encoders, x = build().eval(), clips()
    results = []
    for run in (together, apart):
        outcome(encoders, run, x)
        sum(y.sin().sum() for y in run(encoders, x).values()).backward()
        named = encoders.named_parameters()
        results.append({n: p.grad for n, p in named})
    assert_equal(*results)


@pytest.mark.parametrize('frames', [encoder._FRAMES_ON_CPU, 1])
@pytest.mark.parametrize(
    'frozen',
    [
        ('motion.',),
        (
            'joint.backbone.gcn.3.',
            *(f'{u}.backbone.data_bn.' for u in MODALITIES),
        ),
    ],
)
def test_frozen_modalities_and_parts(monkeypatch, passes, frames, frozen):
    monkeypatch.setattr(encoder, '_FRAMES_ON_CPU', frames)
    encoders, x = build(), clips()
    for name, p in encoders.named_parameters():
        p.requires_grad_(not name.startswith(frozen))
    assert_as_apart(encoders, x)
    assert sum(passes) == 3
    for name, p in encoders.named_parameters():
        if '.neck.' not in name:
            assert (p.grad is None) == name.startswith(frozen)


@pytest.mark.parametrize('mode', [torch.no_grad, torch.inference_mode])
def test_without_gradients(passes, mode):
    encoders, x = build(), clips()
    other = copy.deepcopy(encoders)
    expected = apart(other, x)
    with mode():
        f = encoders.features(x)
    assert not any(y.requires_grad for y in f.values())
    assert_equal(f, {u: y.detach() for u, y in expected.items()})
    assert_equal(encoders.state_dict(), other.state_dict())
    assert_as_apart(encoders, x)  # with gradients, on the same stack
    encoders.requires_grad_(False)
    assert not encoders.features(x)['bone'].requires_grad
    assert_as_apart(encoders, x)  # gradients of the clips
    assert passes == [3, 3, 3, 3]


def test_a_modality_in_eval_mode():
    encoders, x = build(), clips()
    encoders.features(x)
    encoders['motion'].eval()
    tracked = encoders['motion'].backbone.data_bn.num_batches_tracked
    count = int(tracked)
    assert_as_apart(encoders, x)
    assert tracked == count
    encoders.train()
    assert_as_apart(encoders, x)
    assert tracked == count + 1


@pytest.mark.parametrize(
    'kind',
    [
        'forward_pre_hook',
        'forward_hook',
        'full_backward_pre_hook',
        'full_backward_hook',
    ],
)
def test_hooks_are_called(kind):
    encoders, x = build(2), clips(2)
    theirs = outcome(copy.deepcopy(encoders), apart, x)
    calls = []
    handle = getattr(encoders['motion'].backbone, f'register_{kind}')(
        lambda *args: calls.append(args)
    )
    ours = outcome(encoders, together, x)
    assert len(calls) == 1
    handle.remove()
    assert_equal(ours, theirs)
    assert_as_apart(encoders, x)
    assert len(calls) == 1


def test_hooks_of_projectors_are_called():
    encoders, x = build(2), clips(2)
    f = encoders.features(x)
    expected = encoders.project(f)
    calls = []
    encoders['motion'].neck.register_forward_hook(lambda *_: calls.append(1))
    assert_equal(encoders.project(f), expected)
    assert calls == [1]


def test_what_a_hook_returns():
    encoders, x = build(), clips()
    expected = apart(copy.deepcopy(encoders), x)
    encoders['bone'].backbone.register_forward_hook(lambda m, args, y: 2 * y)
    expected['bone'] = 2 * expected['bone']
    assert_equal(encoders.features(x), expected)


@pytest.mark.parametrize('name', ['', 'data_bn', 'tcn.bn'])
@pytest.mark.parametrize('modalities', [MODALITIES[:3], ['motion']])
def test_norms_alone_in_eval_mode(passes, modalities, name):
    encoders, x = build(), clips()
    for u in modalities:
        for path, module in encoders[u].backbone.named_modules():
            if isinstance(module, _BatchNorm) and path.endswith(name):
                module.eval()
    assert_as_apart(encoders, x)
    assert passes == ([] if len(modalities) == 1 else [3])


def with_momentum(encoders, momentum):
    for module in encoders.modules():
        if isinstance(module, _BatchNorm):
            module.reset_running_stats()
            module.momentum = momentum
    return encoders


def test_plain_averages_of_the_statistics():
    # as torch.optim.swa_utils.update_bn asks for
    batches, of_each = [clips() for _ in range(3)], []
    encoders = build()
    for x in batches:
        alone = with_momentum(copy.deepcopy(encoders), 1.0)
        alone.features(x)
        of_each.append(dict(alone.named_buffers()))
    with_momentum(encoders, None)
    for x in batches:
        encoders.features(x)
    for name, x in encoders.named_buffers():
        if name.endswith(('running_mean', 'running_var')):
            assert_equal(x, torch.stack([b[name] for b in of_each]).mean(0))
        elif name.endswith('num_batches_tracked'):
            assert x.unique() == 3


@pytest.mark.parametrize('channels', [(3, 4), (4, 8)])
@pytest.mark.parametrize('size', [1, 3])
def test_orders_of_the_graph_convolution(size, channels):
    c, o = channels
    shapes = dict(
        x=(2, 5, 7, size * c),
        A=(size, 3, 7, 7),
        weight=(size, 3 * o, c, 1, 1),
        bias=(size, 3 * o),
    )
    tensors = {
        name: torch.randn(shape, dtype=torch.float64, requires_grad=True)
        for name, shape in shapes.items()
    }
    grad = torch.randn(2, 5, 7, size * o, dtype=torch.float64)

    def convolution(order):
        x, A, weight, bias = tensors.values()
        if order != 'formula':
            degree = A.sum(2)
            return stgcn.graph_conv(x, A, degree, weight, bias, order)
        x = x.unflatten(-1, (size, c))
        weight = weight.view(size, 3, o, c)
        y = torch.einsum('ukvw,ukoc,btvuc->btwuo', A, weight, x)
        bias = bias.view(size, 3, o)
        return (y + torch.einsum('ukvw,uko->wuo', A, bias)).flatten(-2)

    results = []
    for order in ('formula', 'dense', 'aggregate', 'auto'):
        y = convolution(order)
        gradients = torch.autograd.grad(y, tensors.values(), grad)
        results.append((y, *gradients))
    for result in results[1:]:
        assert_equal(result, results[0])


@pytest.mark.parametrize('size', [1, 3])
@pytest.mark.parametrize('order', ['dense', 'aggregate'])
def test_memory_of_a_graph_convolution(size, order):
    """Nothing is kept that grows with the frames but maps of them."""
    kept = {}

    def pack(x):
        storage = x.untyped_storage()
        kept[storage.data_ptr()] = storage  # whose memory is not used again
        return x

    frames, c = 40, 4
    x = torch.randn(frames, 5, 7, size * c, dtype=torch.bfloat16)
    x.requires_grad_()
    A = torch.rand(size, 3, 7, 7, requires_grad=True)
    weight = torch.randn(size, 3 * c, c, 1, 1, requires_grad=True)
    bias = torch.randn(size, 3 * c, requires_grad=True)
    with torch.autograd.graph.saved_tensors_hooks(pack, lambda x: x):
        with torch.autocast('cpu', dtype=torch.bfloat16):
            stgcn.graph_conv(x, A, A.sum(2), weight, bias, order)
    maps = (1 + 3) * x.numel()  # the input and its sums of each subset
    of_weights = 2 * 49 * c * c * size * 4  # the adjacency with the weight
    kept = sum(storage.nbytes() for storage in kept.values())
    assert kept <= 2 * maps + of_weights


def relative_error(ours, exact):
    return ((ours.double() - exact).abs().max() / exact.abs().max()).item()


def test_batch_norm_is_exact_in_single_precision():
    x = torch.randn(20_000, 8) + 3
    weight, bias = torch.rand(8) + 0.5, torch.randn(8)
    grad = torch.randn_like(x)
    tensors = [x, weight, bias]
    exact = [t.double().requires_grad_() for t in tensors]
    y = F.batch_norm(exact[0], None, None, *exact[1:], training=True)
    ours = [t.requires_grad_() for t in tensors]
    z, mean, var = stgcn.batch_norm(*ours, 1e-5, 40)
    assert not mean.requires_grad and not var.requires_grad
    expected = exact[0].detach().var(0, correction=0)
    for a, b in (
        (z, y),
        (mean, exact[0].detach().mean(0)),
        (var, expected),
        *zip(
            torch.autograd.grad(z, ours, grad),
            torch.autograd.grad(y, exact, grad.double()),
        ),
    ):
        assert a.dtype == torch.float32
        assert relative_error(a, b) <= 2e-6
    _, _, inv_std = torch.native_batch_norm(
        x, weight, bias, None, None, True, 0, 1e-5
    )
    error = relative_error(inv_std.double().pow(-2) - 1e-5, expected)
    assert error > relative_error(var, expected)


def norm_inputs(rows, c):
    x, (weight, bias) = torch.randn(rows, c), torch.randn(2, c)
    return [t.double().requires_grad_() for t in (x, weight, bias)]


def exact_norm(*tensors, parts):
    return stgcn._ExactBatchNorm.apply(*tensors, 1e-5, parts)


@pytest.mark.parametrize('rows, parts', [(12, 2), (7, 1), (2002, 2)])
def test_the_exact_norm_is_a_batch_norm(rows, parts):
    x, *affine = norm_inputs(rows, 3)
    expected = F.batch_norm(x, None, None, *affine, training=True)
    y, mean, var = exact_norm(x, *affine, parts=parts)
    assert_equal(y, expected)
    assert_equal(mean, x.detach().mean(0))
    assert_equal(var, x.detach().var(0, correction=0))
    grad = torch.randn_like(x)
    theirs = torch.autograd.grad(expected, [x, *affine], grad)
    assert_equal(torch.autograd.grad(y, [x, *affine], grad), theirs)
    y, _, _ = exact_norm(x.detach(), *affine, parts=parts)
    assert_equal(torch.autograd.grad(y, affine, grad), theirs[1:])


@pytest.mark.parametrize('rows, parts', [(12, 2), (7, 1)])
def test_gradients_of_the_exact_norm(rows, parts):
    assert torch.autograd.gradcheck(
        lambda *tensors: exact_norm(*tensors, parts=parts)[0],
        norm_inputs(rows, 3),
        check_undefined_grad=False,
    )


def test_the_exact_norm_without_a_gradient():
    """As torch's own, it passes on that there is none."""

    class Stop(torch.autograd.Function):
        @staticmethod
        def forward(ctx, x):
            return x.sum()

        @staticmethod
        def backward(ctx, grad):
            return None

    x, *affine = norm_inputs(12, 3)
    y, _, _ = exact_norm(x, *affine, parts=2)
    Stop.apply(y).backward()
    assert x.grad is None


@pytest.mark.parametrize('parts', [1, 2, 7, 40, 999, 1000, 1500])
@pytest.mark.parametrize('each', [1, 7, 50, 1009, 1250])
def test_groups_divide_the_rows(each, parts):
    rows = each * parts
    groups = stgcn._groups(rows, parts)
    assert rows % groups == 0 and groups % parts == 0
    assert groups <= max(parts, 1000)


def masks_of(p, size=2, frames=8):
    """The masks of a plan of several modalities."""
    modules = [MODELS.build(dict(SLIM, dropout=p)) for _ in range(size)]
    tensors = [unstacked(m) for m in modules]
    tensors = {k: torch.cat([t[k] for t in tensors]) for k in tensors[0]}
    x = torch.empty(4, frames, 25, size * 3)
    return stgcn.dropout_masks(x, tensors, modules[0].plan)


@pytest.mark.parametrize('p', [0.5, 0.25, 3 / 256])
def test_share_and_independence_of_what_is_kept(p):
    first, *masks = masks_of(p)
    assert first is None
    widths = 3 * [4] + 3 * [8] + 2 * [16] + [8]
    frames = 3 * [8] + 3 * [4] + 3 * [2]
    assert [m.shape for m in masks] == [
        (4 * t * 25, 2 * c) for t, c in zip(frames, widths)
    ]
    for mask in masks:
        deviation = (p * (1 - p) / mask.numel()) ** 0.5
        assert abs(mask.double().mean() - (1 - p)) < 4 * deviation
    kept = torch.cat([m.flatten() for m in masks]).double()
    kept = (kept - kept.mean()) / kept.std()
    for lag in range(1, 18):
        correlation = (kept[lag:] * kept[:-lag]).mean()
        assert abs(correlation) < 5 / len(kept) ** 0.5


def test_dropout_follows_the_seed():
    encoders, x = build(dropout=0.5), clips()
    for draw in (
        # building the modules takes as many numbers each time
        lambda: torch.cat([m.flatten() for m in masks_of(0.5)[1:]]),
        lambda: encoders.features(x)['bone'],
    ):
        results = []
        for seed in (3, 3, 4):
            torch.manual_seed(seed)
            results.append(draw())
        assert torch.equal(results[0], results[1])
        assert not torch.equal(results[0], results[2])


@pytest.mark.parametrize('p', [0.3, 0.0])
def test_other_shares_are_left_to_torch(p):
    assert masks_of(p) == 10 * [None]
    torch.manual_seed(0)
    y, scale = stgcn.dropout(torch.ones(9, 9), p)
    torch.manual_seed(0)
    assert torch.equal(y * scale, F.dropout(torch.ones(9, 9), p))


@pytest.mark.parametrize('p', [0.5, 0.25])
def test_dropout_and_its_factor(p):
    x = torch.randn(50, 8, dtype=torch.float64, requires_grad=True)
    keep = torch.rand(50, 8) > p
    y, scale = stgcn.dropout(x * 1, p, keep)
    grad = torch.randn_like(x)
    (ours,) = torch.autograd.grad(y * scale, x, grad)
    assert_equal(y * scale, x * keep / (1 - p))
    assert_equal(ours, grad * keep / (1 - p))


@pytest.mark.parametrize('p', [0.5, 0.25])
@pytest.mark.parametrize('residual', [True, False])
def test_blocks_with_dropout(monkeypatch, residual, p):
    """As with a plain product after the norm."""
    module = randomise(MODELS.build(dict(SLIM, dropout=p)).double())
    plan = module.plan
    if not residual:
        blocks = [b._replace(residual='none') for b in plan.blocks]
        plan = plan._replace(blocks=tuple(blocks))
    x = torch.randn(4, 9, 1, 25, 3, dtype=torch.float64, requires_grad=True)
    names = [n for n, _ in module.named_parameters() if 'residual' not in n]
    wanted = [x, *(module.get_parameter(n) for n in names)]

    def run():
        torch.manual_seed(0)
        y, stats = stgcn.stgcn(x, unstacked(module), plan)
        torch.manual_seed(1)
        gradients = torch.autograd.grad(y, wanted, torch.randn_like(y))
        return (y, *gradients, *(s.var for s in stats))

    def plain(y, p, keep=None):
        return (y if keep is None else y * keep / (1 - p)), 1.0

    ours = run()
    monkeypatch.setattr(stgcn, 'dropout', plain)
    assert_equal(ours, run())


@pytest.mark.parametrize(
    'frames, sizes', [(1, [1, 1, 1]), (2 * FRAMES, [2, 1])]
)
def test_many_frames_run_in_parts(monkeypatch, passes, frames, sizes):
    encoders, x = build(), clips()
    other = copy.deepcopy(encoders)
    expected = outcome(other, together, x)
    maps = other.eval().maps(x)
    monkeypatch.setattr(encoder, '_FRAMES_ON_CPU', frames)
    assert_equal(outcome(encoders, together, x), expected)
    assert_equal(encoders.eval().maps(x), maps)
    assert passes == [3, 3, *sizes, *sizes]


def test_parts_are_all_modalities():
    x = [torch.empty(2, 2, 9, 25, 3)] * 6
    assert encoder.parts_of(x) == [slice(0, encoder._FRAMES_ON_CPU // FRAMES)]
    x = [torch.empty(50, 2, 50, 25, 3)] * 6
    assert encoder.parts_of(x) == [slice(i, i + 1) for i in range(6)]
    x = [t.to('meta') for t in x]
    assert encoder.parts_of(x) == [slice(0, 6)]


def test_rows_of_one_tensor_are_not_copied():
    x = torch.randn(5, 4, 3)
    for rows in (x.unbind(), x[1:].unbind(), x[::2].unbind(), x[:1].unbind()):
        y = as_rows(rows)
        assert y.data_ptr() == rows[0].data_ptr()
        assert torch.equal(y, torch.stack(rows))
    y = as_rows(x.unbind(1))  # not contiguous
    assert y.data_ptr() == x.data_ptr()
    assert torch.equal(y, x.transpose(0, 1))
    y = as_rows([x[0], x[0]])
    assert torch.equal(y, torch.stack([x[0], x[0]]))


def test_other_tensors_are_copied():
    x = torch.randn(5, 4, 3)
    square = torch.randn(2, 3, 3)
    for tensors in (
        [x[0], x[2], x[3]],
        [x[2], x[1], x[0]],
        [x[0], x[1].clone()],
        [square[0], square[1].T],
        list(torch.randn(2, 4, 3, requires_grad=True)),
    ):
        y = as_rows(tensors)
        assert torch.equal(y, torch.stack(tensors))
        assert y.data_ptr() not in [t.data_ptr() for t in tensors]
    assert y.requires_grad


def test_queues_lie_stacked():
    bank = MemoryBank(dict(a=4, b=6, c=4, d=4), size=10)
    for dtype in (torch.float32, torch.float64, torch.float64):
        bank.to(dtype)
        before = {u: bank[u].clone() for u in bank.modalities}
        start = int(bank.pointer)
        keys = {u: torch.randn(3, d) for u, d in bank.channels.items()}
        bank.enqueue(keys)
        for u, queue in before.items():
            queue[start : start + 3] = keys[u].to(dtype)
            assert torch.equal(bank[u], queue)
        rows = [bank[u] for u in 'acd']
        assert as_rows(rows).data_ptr() == rows[0].data_ptr()
        assert len(storages(*rows)) == 1
        assert not storages(bank['b']) & storages(*rows)


def never(encoders, x):
    """No stack."""


@pytest.mark.parametrize('moving', [[], ['motion'], ['bone', 'joint']])
@pytest.mark.parametrize('of_key', [never, together, Encoders.forward])
@pytest.mark.parametrize('of_query', [never, Encoders.forward])
def test_the_average_moves_what_it_is_told_to(of_key, of_query, moving):
    key, query, x = build(), build(), clips()
    of_key(key, x)
    of_query(query, x)
    before = copy.deepcopy(key)
    update_average(key, query, 0.9, iter(moving))
    for name, p in key.named_parameters():
        expected = before.get_parameter(name).detach()
        if name.split('.')[0] in moving:
            theirs = query.get_parameter(name).detach()
            expected = 0.9 * expected + 0.1 * theirs
            assert not torch.equal(p, before.get_parameter(name))
        assert_equal(p.detach(), expected)
    assert_equal(dict(key.named_buffers()), dict(before.named_buffers()))
    assert_equal(key.eval().features(x), apart(key, x))


@pytest.mark.parametrize('before', [True, False])
def test_state_dicts_see_nothing_of_the_stack(before):
    encoders, x = build(), clips()
    keys = list(encoders.state_dict())
    encoders(x)
    state = encoders.state_dict()
    assert list(state) == keys
    fresh = build()
    if before:
        fresh(x)
    fresh.load_state_dict(state)
    for name, value in fresh.state_dict().items():
        assert torch.equal(value, state[name]), name
    assert not share_memory(fresh, encoders)
    encoders.eval(), fresh.eval()
    assert all(map(torch.equal, *(e(x).values() for e in (encoders, fresh))))


def test_state_dicts_round_trip_through_a_file():
    encoders = build()
    encoders(clips())
    state = encoders.state_dict()
    file = io.BytesIO()
    torch.save(state, file)
    file.seek(0)
    loaded = torch.load(file)
    assert list(loaded) == list(state)
    assert all(torch.equal(loaded[name], state[name]) for name in state)
    fresh = io.BytesIO()
    torch.save(build().state_dict(), fresh)
    assert len(file.getvalue()) < 1.2 * len(fresh.getvalue())
