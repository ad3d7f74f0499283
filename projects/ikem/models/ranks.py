"""What one rank does with a batch, several do with their shares of it.

``DefaultSampler`` deals the clips of a batch out to the ranks in turn, so
that clip i of rank r is clip ``i * ranks + r`` of the batch.
"""

import torch
from mmengine.dist import all_gather, broadcast, get_dist_info, get_world_size
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


def draw_together(num: int) -> Tensor:
    """Numbers U(0, 1), float64, the same on all ranks.

    They are the first rank's, of torch's default generator of the CPU; the
    other ranks' generators move on as well.

    Args:
        num (int): How many.
    """
    u = torch.rand(num, dtype=torch.float64, device='cpu')
    broadcast(u)
    return u
