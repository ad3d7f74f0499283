"""Gradients accumulated over several batches equal those of a large one."""

import pytest
import torch
from mmengine.optim import OptimWrapper
from test_models.test_ranks import ALGORITHMS, build, inputs_of

BANK, BATCH, STEPS = 40, 12, 3
# AimCLR scales what its drop leaves by the batch, of which ActCLR's clips
# lend each other; PSTL correlates over the clips of a batch
PER_CLIP = [x for x in ALGORITHMS if x not in ('AimCLR', 'ActCLR', 'PSTL')]


def train(algorithm, counts, bank_size):
    """Losses of the steps and the model after them; norms are in eval mode."""
    model = build(algorithm, bank_size)
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1, momentum=0.9)
    wrapper = OptimWrapper(optimizer, accumulative_counts=counts)
    torch.manual_seed(1)
    losses = []
    for _ in range(STEPS):
        x = torch.randn(BATCH, 2, 1, 6, 25, 3, dtype=torch.float64)
        parts = [
            model.train_step(
                dict(inputs=inputs_of(part), data_samples=[]), wrapper
            )
            for part in x.chunk(counts)
        ]
        losses.append(
            {
                name: sum(part[name] for part in parts) / counts
                for name in parts[0]
                if 'loss' in name or 'positive' in name
            }
        )
    return losses, model.state_dict()


@pytest.mark.parametrize('bank_size', [BANK, 5])
@pytest.mark.parametrize('counts', [3, 4])
@pytest.mark.parametrize('algorithm', PER_CLIP)
def test_accumulating_equals_the_large_batch(algorithm, counts, bank_size):
    whole, parts = (train(algorithm, n, bank_size) for n in (1, counts))
    torch.testing.assert_close(parts, whole, rtol=1e-10, atol=1e-10)
    untrained = build(algorithm, bank_size)
    for name, before in untrained.state_dict().items():
        # keys have moved, banks are filled
        moves = 'key.motion.neck' in name and name.endswith(('weight', 'bias'))
        if moves or 'bank.keys' in name:
            assert not torch.equal(parts[1][name], before), name
