"""The block beside the toolbox's own."""

import pytest
import torch
from mmaction.models.backbones.stgcn import STGCNBlock

from projects.ikem.models.backbones.stgcn_block import Dropout, FastSTGCNBlock

N, T, V = 4, 12, 5


@pytest.mark.parametrize(
    'channels, stride, residual',
    [((3, 8), 1, False), ((8, 8), 1, True), ((8, 16), 2, True)],
)
@pytest.mark.parametrize('training', [True, False])
def test_numbers_of_the_toolbox(channels, stride, residual, training):
    A = torch.rand(3, V, V)
    toolbox = STGCNBlock(*channels, A, stride, residual).double()
    ours = FastSTGCNBlock(*channels, A, stride, residual).double()
    for p in toolbox.parameters():
        torch.nn.init.normal_(p)
    ours.load_state_dict(toolbox.state_dict())
    x = torch.randn(N, channels[0], T, V, dtype=torch.float64)
    results = []
    for block in (toolbox, ours):
        block.train(training)
        inputs = x.clone().requires_grad_()
        y = block(inputs)
        y.square().sum().backward()
        gradients = {k: p.grad for k, p in block.named_parameters()}
        results.append([y, inputs.grad, gradients, block.state_dict()])
    torch.testing.assert_close(*results, rtol=1e-8, atol=1e-8)


@pytest.mark.parametrize('channels', [3, 8])
def test_exported_with_any_number_of_clips(channels):
    block = FastSTGCNBlock(channels, 8, torch.rand(3, V, V)).eval()
    x = torch.randn(2, channels, T, V)
    clips = torch.export.Dim('clips', min=2, max=64)
    exported = torch.export.export(block, (x,), dynamic_shapes=[{0: clips}])
    x = torch.randn(N, channels, T, V)
    torch.testing.assert_close(exported.module()(x), block(x))


def dropped(p, x):
    torch.manual_seed(0)
    return Dropout(p)(x.clone())


@pytest.mark.parametrize('p', [0.5, 0.25, 0.3])
def test_dropout_keeps_its_share_of_independent_elements(p):
    n = 2**18
    y = dropped(p, torch.ones(n))
    kept = y > 0
    assert y[kept].unique().tolist() == pytest.approx([1 / (1 - p)])
    deviation = (p * (1 - p) / n) ** 0.5
    assert abs(kept.float().mean() - (1 - p)) < 4 * deviation
    centred = kept.float() - kept.float().mean()
    for lag in range(1, 18):  # a random number serves 8 elements
        correlation = (centred[lag:] * centred[:-lag]).mean() / (p * (1 - p))
        assert abs(correlation) < 5 / n**0.5, lag
    assert torch.equal(y, dropped(p, torch.ones(n)))  # by the global seed


def test_dropout_passes_gradients_of_what_it_keeps():
    x = torch.randn(3, 7, requires_grad=True)
    y = Dropout(0.5)(x * 1)
    y.sum().backward()
    torch.testing.assert_close(x.grad, 2.0 * (y != 0))
    torch.testing.assert_close(y, x * x.grad)


def test_dropout_takes_any_order_of_elements():
    x = torch.randn(2, 3, 4, 5).to(memory_format=torch.channels_last)
    y = dropped(0.5, x)
    assert y.stride() == x.stride()
    kept = y != 0
    torch.testing.assert_close(y[kept], 2 * x[kept])


@pytest.mark.parametrize('p, training', [(0, True), (0.5, False)])
def test_no_dropout(p, training):
    x = torch.randn(5)
    assert Dropout(p).train(training)(x) is x
