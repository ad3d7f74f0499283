from typing import Dict, Mapping

import torch
import torch.nn.functional as F
from mmengine.dist import get_world_size
from torch import Tensor, nn

from .ranks import gather_clips
from .stacking import as_rows


class MemoryBank(nn.Module):
    """Queues of key embeddings, one per modality, with aligned slots.

    Slot i of every modality holds the key of the same clip: all queues share
    one pointer and are written together. Before writing, keys are gathered
    over the ranks in the order in which one rank would have seen the clips,
    so that every rank holds the same bank.

    Any size works with any batch size: a write wraps around, and of a batch
    that is larger than the bank the last keys stay.

    Args:
        channels (dict[str, int]): Channels D of the embeddings by modality.
        size (int): Number of slots K. Defaults to 32768.
        init (str): ``'random'`` starts with L2-normalised Gaussian noise,
            ``'empty'`` with no keys. Defaults to ``'random'``.

    Raises:
        ValueError: If the size is not positive or init is unknown.
    """

    def __init__(
        self,
        channels: Mapping[str, int],
        size: int = 32768,
        init: str = 'random',
    ) -> None:
        super().__init__()
        if size < 1:
            raise ValueError(f'size of the bank must be positive, got {size}')
        if init not in ('random', 'empty'):
            raise ValueError(f"init is 'random' or 'empty', got {init!r}")
        self.size = size
        self.channels = dict(channels)
        self.modalities = tuple(channels)
        # keys of the batches of a step, so far; a checkpoint in the middle of
        # one lacks them, as it lacks the gradients
        self.unwritten = []
        for name, d in channels.items():
            keys = F.normalize(torch.randn(size, d), dim=1)
            self.register_buffer(f'keys_{name}', keys)
        # queues of one width lie stacked in memory, as enqueue leaves them
        widths = dict.fromkeys(channels.values())
        self.groups = [
            [name for name, d in channels.items() if d == width]
            for width in widths
        ]
        self.register_buffer('pointer', torch.zeros((), dtype=torch.long))
        self.init = init
        self.register_buffer(
            'filled', torch.tensor(size if init == 'random' else 0)
        )

    def __getitem__(self, name: str) -> Tensor:
        """Keys of a modality, of shape (K, D), or (filled, D) while a bank
        that started empty fills up."""
        keys = getattr(self, f'keys_{name}')
        return keys if self.init == 'random' else keys[: self.filled]

    @torch.no_grad()
    def enqueue(self, keys: Dict[str, Tensor], write: bool = True) -> None:
        """Write the keys of a batch, the same clips for every modality.

        Args:
            keys (dict[str, Tensor]): Keys of shape (N, D) by modality.
            write (bool): Whether to write them now, with those that wait.
                False lets them wait, where gradients of several batches are
                accumulated: all read the same bank. Defaults to True.

        Raises:
            ValueError: If a modality is missing, or batch sizes differ.
        """
        sizes = {
            name: len(keys[name]) for name in self.modalities if name in keys
        }
        if set(keys) != set(self.modalities) or len(set(sizes.values())) != 1:
            raise ValueError(
                f'slots stay aligned only if all of {self.modalities} are '
                f'written together, got batches of {sizes}'
            )
        self.unwritten.append(keys)
        if not write:
            return
        batches, self.unwritten = self.unwritten, []
        n = get_world_size() * sum(
            len(batch[self.modalities[0]]) for batch in batches
        )
        kept = min(n, self.size)
        slots = (
            self.pointer
            + torch.arange(n - kept, n, device=self.pointer.device)
        ) % self.size
        for names in self.groups:
            bank = as_rows([getattr(self, f'keys_{name}') for name in names])
            keys = [as_rows([k[name] for name in names]) for k in batches]
            keys = keys[0] if len(keys) == 1 else torch.cat(keys, 1)
            keys = gather_clips(keys, 1)
            # not in place: this step's backward pass still reads the old one
            bank = bank.index_copy(1, slots, keys[:, n - kept :].to(bank))
            for name, rows in zip(names, bank):
                setattr(self, f'keys_{name}', rows)
        self.pointer = (self.pointer + n) % self.size
        if self.init == 'empty':
            self.filled = (self.filled + n).clamp(max=self.size)
