"""What one rank does with a batch, several do with their shares of it.

``DefaultSampler`` deals the clips of a batch out to the ranks in turn, so
that clip i of rank r is clip ``i * ranks + r`` of the batch.

Some functions pass gradients. A rank's loss of what all ranks gave has a
gradient in each of them; with the mean over the ranks that
``DistributedDataParallel`` takes, they move as one rank with all their clips.
"""

import torch
from mmengine.dist import (
    all_gather,
    all_reduce,
    broadcast,
    get_dist_info,
    get_rank,
    get_world_size,
)
from torch import Tensor


@torch.no_grad()
def gather_clips(x: Tensor, dim: int = 0) -> Tensor:
    """Gather the batch from all ranks, in the order in which one rank would
    have seen the clips. Gradients do not pass.

    Args:
        x (Tensor): Clips of this rank along ``dim``, as many on every rank.
        dim (int): Dimension of the clips. Defaults to 0.
    """
    if get_world_size() == 1:
        return x
    shares = all_gather(x.contiguous())
    return torch.stack(shares, dim + 1).flatten(dim, dim + 1)


@torch.no_grad()
def take_partners(x: Tensor, shift: int) -> Tensor:
    """What clip ``(i + shift) mod N`` of the batch has, for each own clip i.

    Args:
        x (Tensor): Of shape (n, ...), n of the N clips on each rank.
        shift (int): Steps from a clip to its partner.
    """
    rank, ranks = get_dist_info()
    return gather_clips(x).roll(-shift, 0)[rank::ranks]


def draw_together(*size: int) -> Tensor:
    """Numbers U(0, 1), float64, the same on all ranks.

    They are the first rank's, of torch's default generator of the CPU; the
    other ranks' generators move on as well.

    Args:
        *size (int): Shape of the numbers.
    """
    u = torch.rand(size, dtype=torch.float64, device='cpu')
    broadcast(u)
    return u


def draw_per_clip(num_clips: int, *size: int) -> Tensor:
    """Numbers U(0, 1) of each clip, of shape (N, ...), those that one rank
    would have drawn for it; see :func:`draw_together`."""
    rank, ranks = get_dist_info()
    return draw_together(num_clips * ranks, *size)[rank::ranks]


def gather(x: Tensor) -> Tensor:
    """The rows of all ranks, (ranks * N, D), of x (N, D), rank by rank;
    gradients pass."""
    return x if get_world_size() == 1 else _Gather.apply(x)


def total(x: Tensor) -> Tensor:
    """The sum over all ranks; gradients pass."""
    return x if get_world_size() == 1 else _Total.apply(x)


class _Gather(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x):
        return torch.cat(all_gather(x.contiguous()))

    @staticmethod
    def backward(ctx, grad):
        grad = grad.clone(memory_format=torch.contiguous_format)
        all_reduce(grad)
        return grad.chunk(get_world_size())[get_rank()]


class _Total(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x):
        x = x.clone(memory_format=torch.contiguous_format)
        all_reduce(x)
        return x

    backward = staticmethod(lambda ctx, grad: _Total.forward(ctx, grad))
