"""The losses as pure functions of embeddings.

Names follow the paper: z (N, D) are query embeddings, zhat (N, D) the key
embeddings of the same clips, bank (K, D) the keys of earlier clips; all have
unit length.  Everything is computed in (at least) float32, since autocast
would round similarities, which the temperature then magnifies.
"""

import torch
from torch import Tensor


def info_nce(
    z: Tensor, zhat: Tensor, bank: Tensor, temperature: float = 0.07
) -> Tensor:
    """InfoNCE with a memory bank of negatives, the loss of the first stage.

    ``-log exp(z.zhat/t) / (exp(z.zhat/t) + sum_i exp(z.m_i/t))``

    Args:
        z (Tensor): Query embeddings of shape (N, D).
        zhat (Tensor): Key embeddings of shape (N, D), constants.
        bank (Tensor): Negatives of shape (K, D), constants.
        temperature (float): Temperature. Defaults to 0.07.

    Returns:
        Tensor: The mean over the batch, a scalar.
    """
    with torch.autocast(z.device.type, enabled=False):
        positive = (z * zhat).sum(1) / temperature  # (N, )
        negatives = z @ bank.T / temperature  # (N, K)
    total = torch.logaddexp(positive, negatives.logsumexp(1))
    return (total - positive).mean()
