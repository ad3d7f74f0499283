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
from projects.ikem.models.necks.batch_norm_mlp import RanksBatchNorm1d

ALGORITHMS = [
    'SkeletonCLR',
    'IKEM',
    'AimCLR',
    'ActCLR',
    'CPM',
    'HYSP',
    'PSTL',
    'RelationalDistillation',
]
OPTIONS = dict(CPM=dict(positives=3))
STEPS = 3


def build(algorithm, bank_size):
    """A pre-training, in its second stage if it has one, or a distillation;
    BN in eval mode, in float64."""
    torch.manual_seed(0)
    options = dict(bank_size=bank_size)
    if algorithm in tiny_models.BANKLESS:
        space = dict(tiny_models.EXCHANGE['exchange_space'], **options)
        options = dict(tiny_models.EXCHANGE, exchange_space=space)
    options.update(OPTIONS.get(algorithm, {}))
    model = tiny_models.build(algorithm, **options).double().eval()
    model.set_progress(1, 2)
    return model


def inputs_of(x):
    """Clips (N, views, M, T, V, 3) as what a model takes, modalities all
    alike."""
    inputs = dict.fromkeys((*THREE, JOINTS), x)
    inputs[TIME_SCALE] = torch.ones(x.shape[:2], dtype=x.dtype)
    return inputs


def steps(algorithm, bank_size, batch_size, rank, ranks):
    """Losses and gradients of each step, and the banks after all."""
    model = build(algorithm, bank_size)
    for module in model.modules():
        if isinstance(module, RanksBatchNorm1d):
            module.train()
    if algorithm == 'PSTL':
        model.views.per_clip = bank_size > batch_size
    network = model
    if ranks > 1:  # as mmengine wraps it
        network = DistributedDataParallel(
            model, broadcast_buffers=False, find_unused_parameters=True
        )
    # sums over channels and clips, which a larger step drives apart
    lr = 1e-3 if algorithm == 'PSTL' else 0.1
    optimizer = torch.optim.SGD(network.parameters(), lr=lr)
    generator = torch.Generator().manual_seed(1)
    torch.manual_seed(rank)
    history = []
    for _ in range(STEPS):
        shape = (batch_size, model.num_views, 1, 6, 25, 3)
        x = torch.randn(shape, dtype=torch.float64, generator=generator)
        share = x[rank::ranks]  # as DefaultSampler deals them out
        losses = network(inputs_of(share), mode='loss')
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
    bank = (model.exchange_space or model).bank
    norms = {
        f'{name}.running_var': module.running_var
        for name, module in model.named_modules()
        if isinstance(module, RanksBatchNorm1d)
    }
    return history, {**dict(bank.named_buffers()), **norms}


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
    # PSTL divides by small deviations, which magnifies the rounding
    near = 1e-6 if algorithm == 'PSTL' else 1e-8
    close = dict(rtol=near, atol=near)
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
