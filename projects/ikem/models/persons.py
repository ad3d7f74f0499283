"""Passes of the persons who are there, without those who are absent.

Which these are, says an entry of the clips beside the modalities. It is on
the CPU, where it tells the number of rows without waiting for a device.
"""

from typing import Dict, Optional

import torch
from torch import Tensor

PERSONS = 'persons'


def present(x: Dict[str, Tensor]) -> Optional[Tensor]:
    """Which persons of some clips are there.

    Args:
        x (dict[str, Tensor]): Clips (N, M, T, V, C) by modality, and maybe
            :data:`PERSONS`, booleans of shape (N, M).

    Returns:
        Tensor | None: These; None where all are there, or nobody asks.
    """
    persons = x.get(PERSONS)
    if persons is None:
        return None
    compiling = torch.compiler.is_compiling()  # for all clips to come
    return None if not compiling and bool(persons.all()) else persons


def gather(x: Tensor, persons: Tensor) -> Tensor:
    """Rows (P, ...) of the P persons who are there, of x (N, M, ...).

    An export, whose shapes must not depend on the values, takes all.
    """
    x = x.flatten(0, 1)
    if torch.compiler.is_compiling():
        return x
    return x.index_select(0, _rows(persons, x.device))


def scatter(rows: Tensor, persons: Tensor) -> Tensor:
    """The inverse of :func:`gather`; rows of absent persons are zero."""
    N, M = persons.shape
    if torch.compiler.is_compiling():
        there = persons.flatten().to(rows)
        x = rows * there.view(-1, *[1] * (rows.dim() - 1))
    else:
        x = rows.new_zeros(N * M, *rows.shape[1:])
        x = x.index_copy(0, _rows(persons, rows.device), rows)
    return x.view(N, M, *rows.shape[1:])


def mean_over_persons(x: Tensor, persons: Optional[Tensor] = None) -> Tensor:
    """Mean of x (N, M, ...) over persons.

    Args:
        x (Tensor): Zero where a person is absent.
        persons (Tensor, optional): Those who are there, (N, M), and count.
            Defaults to None: all M count, as in the released code, where a
            clip of one person has half the feature that this person has.
    """
    if persons is None:
        return x.mean(1)
    count = persons.sum(1).clamp(min=1).to(x)
    return x.sum(1) / count.view(-1, *[1] * (x.dim() - 2))


def _rows(persons: Tensor, device: torch.device) -> Tensor:
    return persons.flatten().nonzero().squeeze(1).to(device)
