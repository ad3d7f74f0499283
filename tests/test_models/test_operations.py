"""The number of operations of a training step, which no noise moves."""

import pytest
import torch
from count_operations import count
from cuda_checks import SIX, batch, build
from mmengine.optim import OptimWrapper


def operations(kind, num, modalities=SIX, foreach=True):
    model = build(kind, 4, 8, modalities=modalities)
    optimizer = torch.optim.SGD(
        model.parameters(),
        lr=0.01,
        momentum=0.9,
        weight_decay=1e-4,
        foreach=foreach,
    )
    wrapper = OptimWrapper(optimizer)
    data = batch(num, 8, device='cpu', views=model.num_views)
    model.train_step(data, wrapper)  # which makes the momentum
    return sum(count(lambda: model.train_step(data, wrapper)).values())


@pytest.mark.parametrize(
    'kind, most', [('IKEM', 1500), ('RelationalDistillation', 1200)]
)
def test_few_operations_whatever_the_batch(kind, most):
    """Before the encoders of all modalities ran as one: 12,652, 9,841."""
    two, eight = (operations(kind, num) for num in (2, 8))
    assert two == eight <= most


@pytest.mark.parametrize('kind, factor', [('AimCLR', 2), ('ActCLR', 4)])
def test_operations_of_more_passes(kind, factor):
    """Of three and of seven and two passes of an encoder, against two."""
    one = operations('SkeletonCLR', 4)
    assert one < operations(kind, 4) <= factor * one


def test_few_operations_more_per_modality():
    three, six = (operations('IKEM', 2, SIX[:n]) for n in (3, 6))
    assert 0 < six - three <= 3 * 60


def test_a_counted_operation_is_no_view():
    x = torch.randn(3, 4)
    counts = count(lambda: x.t()[1:].view(-1, 1, 3).relu().add_(1))
    assert counts == {'aten::relu': 1, 'aten::add_': 1}
