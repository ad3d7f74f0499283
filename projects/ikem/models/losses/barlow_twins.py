from torch import Tensor

from ..ranks import gather
from .functional import without_autocast


@without_autocast
def barlow_twins(z_a: Tensor, z_b: Tensor, weight: float) -> Tensor:
    """Barlow Twins (https://arxiv.org/abs/2103.03230).

    Of the correlation ``C = z_a^T z_b / N`` of all ranks' clips, ``sum_i (C_ii
    - 1)^2 + weight * sum_{i != j} C_ij^2``. C itself, of (D, D), is never
    built, since the sum over all its elements is that of the product of two
    matrices of (N, N), ``<z_a z_a^T, z_b z_b^T> / N^2``.

    Args:
        z_a (Tensor): Embeddings of shape (N, D), of mean 0 and variance 1
            over the batch.
        z_b (Tensor): Those of another view of the same clips.
        weight (float): lambda.
    """
    z_a, z_b = gather(z_a), gather(z_b)
    N = len(z_a)
    diagonal = (z_a * z_b).mean(0)  # C_ii
    squares = ((z_a @ z_a.T) * (z_b @ z_b.T)).sum() / N**2
    off_diagonal = squares - diagonal.square().sum()
    return (diagonal - 1).square().sum() + weight * off_diagonal
