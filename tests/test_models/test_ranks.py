"""Several ranks do what one does with their batches together."""

import pytest
import tiny_models
import torch
from commands import in_ranks
from mmengine.registry import DefaultScope
from tiny_models import THREE
from torch import distributed
from torch.nn.parallel import DistributedDataParallel

from projects.ikem.models.data_preprocessor import JOINTS, TIME_SCALE

ALGORITHMS = [
    'SkeletonCLR',
    'IKEM',
    'AimCLR',
    'ActCLR',
    'CPM',
    'RelationalDistillation',
]
OPTIONS = dict(CPM=dict(positives=3))
STEPS = 3


def build(algorithm, bank_size):
    """A pre-training, in its second stage if it has one, or a distillation;
    BN in eval mode, in float64."""
    torch.manual_seed(0)
    options = dict(bank_size=bank_size, **OPTIONS.get(algorithm, {}))
    model = tiny_models.build(algorithm, **options).double().eval()
    model.set_progress(1, 2)
    return model


def steps(algorithm, bank_size, batch_size, rank, ranks):
    """Losses and gradients of each step, and the banks after all."""
    model = build(algorithm, bank_size)
    network = model
    if ranks > 1:  # as mmengine wraps it
        network = DistributedDataParallel(
            model, broadcast_buffers=False, find_unused_parameters=True
        )
    optimizer = torch.optim.SGD(network.parameters(), lr=0.1)
    torch.manual_seed(1)
    history = []
    for _ in range(STEPS):
        shape = (batch_size, model.num_views, 1, 6, 25, 3)
        x = torch.randn(shape, dtype=torch.float64)
        share = x[rank::ranks]  # as DefaultSampler deals them out
        inputs = dict.fromkeys((*THREE, JOINTS), share)
        inputs[TIME_SCALE] = torch.ones(share.shape[:2], dtype=x.dtype)
        losses = network(inputs, mode='loss')
        losses = {k: v for k, v in losses.items() if 'loss' in k}
        optimizer.zero_grad()
        sum(losses.values()).backward()
        optimizer.step()
        gradients = {
            name: p.grad.clone()
            for name, p in model.named_parameters()
            if p.grad is not None
        }
        losses = {name: loss.detach() for name, loss in losses.items()}
        history.append((losses, gradients))
    return history, dict(model.bank.named_buffers())


def work(rank, ranks, folder, sizes):
    torch.set_num_threads(1)
    DefaultScope.get_instance('rank', scope_name='mmaction')
    distributed.init_process_group(
        'gloo',
        init_method=f'file://{folder}/group',
        rank=rank,
        world_size=ranks,
    )
    results = {a: steps(a, *sizes, rank, ranks) for a in ALGORITHMS}
    torch.save(results, folder / f'{rank}.pt')
    distributed.barrier()
    distributed.destroy_process_group()


@pytest.fixture(
    scope='module',
    params=[(2, 40, 16), (3, 40, 18), (2, 10, 16)],
    ids=['2 x 8', '3 x 6', 'a bank smaller than the batch'],
)
def ranks(request, tmp_path_factory):
    """Sizes, and what each rank has done."""
    ranks, *sizes = request.param
    folder = tmp_path_factory.mktemp('ranks')
    in_ranks(ranks, work, folder, sizes)
    return sizes, [torch.load(folder / f'{r}.pt') for r in range(ranks)]


@pytest.mark.parametrize('algorithm', ALGORITHMS)
def test_ranks_equal_one(algorithm, ranks):
    sizes, results = ranks
    history, bank = steps(algorithm, *sizes, rank=0, ranks=1)
    histories, banks = zip(*(result[algorithm] for result in results))
    close = dict(rtol=1e-8, atol=1e-8)
    for bank_of_rank in banks:
        torch.testing.assert_close(bank_of_rank, bank, **close)
    for step, (losses, gradients) in enumerate(history):
        for name, loss in losses.items():
            shares = [h[step][0][name] for h in histories]
            mean = sum(shares) / len(shares)
            torch.testing.assert_close(mean, loss, **close)
        assert len(gradients) > 50
        for h in histories:  # DDP has averaged them
            torch.testing.assert_close(h[step][1], gradients, **close)
