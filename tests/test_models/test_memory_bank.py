import pytest
import torch

from projects.ikem.models.memory_bank import MemoryBank


def write(size, batches, init='random', d=2):
    """Writes 1, 2, 3, ... and returns the bank's slots."""
    bank = MemoryBank(dict(joint=d, bone=d), size, init)
    count = 0
    for n in batches:
        keys = torch.arange(count + 1, count + n + 1.0).view(-1, 1)
        bank.enqueue(dict(joint=keys.expand(-1, d), bone=-keys.expand(-1, d)))
        count += n
    return bank


def naive_slots(size, batches):
    slots = size * [None]
    for i in range(sum(batches)):
        slots[i % size] = i + 1.0
    return slots


@pytest.mark.parametrize('size', [1, 4, 7, 12])
@pytest.mark.parametrize('batches', [[3, 3, 3, 3], [4, 4], [20, 3], [1, 5]])
def test_any_bank_and_batch_size(size, batches):
    bank = write(size, batches)
    expected = naive_slots(size, batches)
    written = [i for i, key in enumerate(expected) if key is not None]
    for sign, name in ((1, 'joint'), (-1, 'bone')):  # slots stay aligned
        assert bank[name].shape == (size, 2)
        assert [sign * bank[name][i, 0].item() for i in written] == [
            expected[i] for i in written
        ]
    assert bank.pointer == sum(batches) % size


def test_starts_with_unit_noise():
    bank = MemoryBank(dict(joint=128), 64)
    torch.testing.assert_close(bank['joint'].norm(dim=1), torch.ones(64))
    assert (bank['joint'] @ bank['joint'].T - torch.eye(64)).abs().max() < 0.6


def test_starts_empty():
    assert MemoryBank(dict(joint=2), 4, 'empty')['joint'].shape == (0, 2)
    assert write(4, [3], 'empty')['joint'][:, 0].tolist() == [1, 2, 3]
    bank = write(4, [3, 2], 'empty')
    assert bank['joint'][:, 0].tolist() == [5, 2, 3, 4]
    assert bank.filled == 4  # it is in checkpoints


def test_the_step_that_writes_still_reads_the_old_keys():
    bank = MemoryBank(dict(joint=2), 4)
    z = torch.randn(3, 2, requires_grad=True)
    old = bank['joint'].clone()
    similarity = (z @ bank['joint'].T).sum()
    bank.enqueue(dict(joint=torch.ones(3, 2)))
    similarity.backward()
    torch.testing.assert_close(z.grad, old.sum(0).expand(3, 2))


def test_survives_a_checkpoint():
    bank = write(5, [3, 4], 'empty')
    other = MemoryBank(dict(joint=2, bone=2), 5, 'empty')
    other.load_state_dict(bank.state_dict())
    torch.testing.assert_close(other['joint'], bank['joint'])
    assert other.pointer == bank.pointer


def test_errors():
    bank = MemoryBank(dict(joint=2, bone=2), 4)
    with pytest.raises(ValueError, match='written together'):
        bank.enqueue(dict(joint=torch.ones(3, 2)))
    with pytest.raises(ValueError, match='written together'):
        bank.enqueue(dict(joint=torch.ones(3, 2), bone=torch.ones(2, 2)))
    with pytest.raises(ValueError, match='must be positive'):
        MemoryBank(dict(joint=2), 0)
    with pytest.raises(ValueError, match="'random' or 'empty'"):
        MemoryBank(dict(joint=2), 4, 'zeros')
