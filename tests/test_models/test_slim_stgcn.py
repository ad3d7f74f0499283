import numpy as np
import pytest
import torch
import torch.nn.functional as F
from mmaction.registry import MODELS

from projects.ikem.models.encoder import pool
from projects.ikem.skeletons import get_layout

EDGES = get_layout('ntu-25').edges


def build(**kwargs):
    return MODELS.build(dict(type='SlimSTGCN', **kwargs))


def naive_partition(center=20, num_joints=25):
    """The spatial partition of ST-GCN, edge by edge."""
    near = {center} | {v for e in EDGES for v in e if center in e}
    distance = [
        0 if v == center else 1 if v in near else np.inf
        for v in range(num_joints)
    ]
    degree = [1 + sum(v in e for e in EDGES) for v in range(num_joints)]
    A = np.zeros((3, num_joints, num_joints))
    for i in range(num_joints):
        A[0, i, i] = 1 / degree[i]
        for edge in EDGES:
            for j, k in (edge, edge[::-1]):
                if k == i:
                    subset = 1 if distance[j] >= distance[i] else 2
                    A[subset, j, i] = 1 / degree[i]
    return torch.from_numpy(A)


def naive_encoder(x, state, training, strides=(1, 1, 1, 1, 2, 1, 1, 2, 1, 1)):
    """ST-GCN from the formulas, on a state dict of SlimSTGCN."""
    A = naive_partition().to(x)

    def norm(x, name):  # x: (N, C, ...)
        mean, var = state[f'{name}.running_mean'], state[f'{name}.running_var']
        if training:
            dims = [d for d in range(x.dim()) if d != 1]
            mean, var = x.mean(dims), x.var(dims, unbiased=False)
        shape = (1, -1) + (1,) * (x.dim() - 2)
        x = (x - mean.view(shape)) / (var.view(shape) + 1e-5).sqrt()
        weight, bias = (state[f'{name}.{k}'] for k in ('weight', 'bias'))
        return x * weight.view(shape) + bias.view(shape)

    def convolution(x, name, *args):
        weight, bias = (state[f'{name}.{k}'] for k in ('weight', 'bias'))
        return F.conv2d(x, weight, bias, *args)

    n, m, t, v, c = x.shape
    x = x.permute(0, 1, 3, 4, 2).reshape(n * m, v * c, t)  # channel v*C + c
    x = norm(x, 'data_bn').view(n * m, v, c, t).permute(0, 2, 3, 1)
    for i, stride in enumerate(strides):
        block, residual = f'gcn.{i}', x
        weight = state[f'{block}.gcn.conv.weight'][:, :, 0, 0]
        bias = state[f'{block}.gcn.conv.bias']
        y = 0
        for k, (w, b) in enumerate(zip(weight.chunk(3), bias.chunk(3))):
            xk = torch.einsum('oc,nctj->notj', w, x) + b.view(1, -1, 1, 1)
            y = y + torch.einsum(
                'notj,ji->noti', xk, A[k] * state[f'{block}.gcn.PA'][k]
            )
        y = norm(y, f'{block}.gcn.bn').relu()
        y = convolution(y, f'{block}.tcn.conv', (stride, 1), (4, 0))
        y = norm(y, f'{block}.tcn.bn')
        if f'{block}.residual.conv.weight' in state:
            residual = convolution(x, f'{block}.residual.conv', (stride, 1))
            residual = norm(residual, f'{block}.residual.bn')
        x = (y + residual if i > 0 else y).relu()
    return x.mean((2, 3)).view(n, m, -1).mean(1)


@pytest.mark.parametrize('training', [False, True])
def test_encoder_against_the_formulas(training):
    encoder = build(dropout=0.0).double().train(training)
    for name, value in encoder.state_dict().items():
        if value.is_floating_point() and not name.endswith('gcn.A'):
            value.copy_(torch.rand_like(value) + 0.1)
            value.sub_(0.6 * name.endswith(('weight', 'bias')))
    x = torch.randn(2, 2, 12, 25, 3, dtype=torch.float64)
    state = {k: v.clone() for k, v in encoder.state_dict().items()}
    f = pool(encoder(x))
    assert f.shape == (2, 256)
    torch.testing.assert_close(f, naive_encoder(x, state, training))


def test_size_of_the_paper():
    encoder = build()
    head = torch.nn.Linear(256, 60)
    numbers = [p.numel() for m in (encoder, head) for p in m.parameters()]
    assert sum(numbers) == 836_800
    assert 3 * sum(numbers) == 2_510_400  # the paper's 2.510 M student


def test_dropout_after_every_temporal_convolution_but_the_first():
    rates = [block.tcn.drop.p for block in build().gcn]
    assert rates == [0] + 9 * [0.5]


def test_initialization_of_the_family():
    encoder = build()
    encoder.init_weights()
    for name, p in encoder.named_parameters():
        norm = '.bn.' in name or name.startswith('data_bn')
        if name.endswith('bias'):
            assert not p.any(), name
        elif not name.endswith('PA'):
            deviation = 0.02 / p.numel() ** 0.5
            assert abs(p.mean() - float(norm)) < 4 * deviation, name
            assert abs(p.std() - 0.02) < 3 * deviation, name
    assert all((block.gcn.PA == 1).all() for block in encoder.gcn)


def test_other_layouts_and_widths():
    encoder = build(layout='kinect-20', base_channels=8, out_channels=32)
    assert encoder(torch.randn(2, 1, 50, 20, 3)).shape == (2, 1, 32, 13, 20)


def test_joints_that_are_left_out_influence_nothing():
    """As a graph whose rows and columns of them are 0, norms in eval mode."""
    torch.manual_seed(0)
    model = build(base_channels=4, out_channels=8).double().eval()
    model.init_weights()
    kept = [v for v in range(25) if v not in (3, 11, 20)]
    x = torch.randn(2, 2, 9, 25, 3, dtype=torch.float64)
    y = model(x, joints=kept)
    assert y.shape == (2, 2, 8, 3, 22)
    other = x.clone()
    other[..., [3, 11, 20], :] += 1
    torch.testing.assert_close(model(other, joints=kept), y, rtol=0, atol=0)
    cut = build(base_channels=4, out_channels=8).double().eval()
    state = model.state_dict()
    for name, value in state.items():
        if name.endswith('gcn.A'):
            mask = torch.zeros(25, dtype=torch.float64)
            mask[kept] = 1
            state[name] = value * mask[:, None] * mask
    cut.load_state_dict(state)
    torch.testing.assert_close(cut(x)[..., kept], y)
