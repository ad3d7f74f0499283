"""Key encoders as a moving average of query encoders."""

from typing import Iterable, List, Mapping, Sequence

import torch
from torch import Tensor, nn
from torch.optim.swa_utils import get_ema_multi_avg_fn

from .encoder import Encoders


@torch.no_grad()
def update_average(
    key: Mapping[str, nn.Module],
    query: Mapping[str, nn.Module],
    momentum: float,
    moving: Iterable[str],
) -> None:
    """Moving average of parameters, ``key = m * key + (1 - m) * query``.

    Norm layers of the key encoders keep statistics of their own.

    Args:
        key (mapping[str, nn.Module]): Key encoders by modality.
        query (mapping[str, nn.Module]): Their query encoders.
        momentum (float): m.
        moving (iterable[str]): Modalities that move.
    """
    moving = list(moving)
    keys, queries = (parameters_of(x, moving) for x in (key, query))
    if keys:
        get_ema_multi_avg_fn(momentum)(keys, queries, None)


def parameters_of(
    encoders: Mapping[str, nn.Module], names: Sequence[str]
) -> List[Tensor]:
    """Parameters of some encoders, without a walk through their modules where
    they are stacked."""
    if isinstance(encoders, Encoders) and encoders.has_neck:
        chosen = [encoders.modalities.index(u) for u in names]
        parts = (
            encoders.stacked_backbones.rows(
                encoders.backbones.values(), chosen
            ),
            encoders.stacked_necks.rows(
                [encoder.neck for encoder in encoders.values()], chosen
            ),
        )
        if None not in parts:
            return [p.detach() for part in parts for p in part]
    # in the order of the stacks: by parameter, then by modality
    return [
        p.detach()
        for part in ('backbone', 'neck')
        for rows in zip(
            *(getattr(encoders[u], part).parameters() for u in names)
        )
        for p in rows
    ]
