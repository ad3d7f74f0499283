"""Labels as people have them: numbers, text, or none."""

import math
from typing import Any, List, Optional, Sequence, Tuple

import numpy as np

from ..prepared_checks import UNLABELLED
from .errors import FormatError

MAX_CLASSES = 100_000  # more are a mistake
_NO_LABEL = ('', 'none', 'nan', '-1')
_CONTAINERS = (list, tuple, dict, set, frozenset, np.ndarray)


def number_labels(
    labels: Sequence[Any], path: Any
) -> Tuple[List[Any], Optional[List[str]]]:
    """Number labels from 0.

    Args:
        labels (sequence): A label per clip: an integer, a text, an array of
            one of these; None, NaN or -1 where there is none.
        path (str | PathLike): Where they are, for errors.

    Returns:
        tuple[list, list[str] | None]: The numbers, -1 without a label, and
        the names of the classes, in order, if labels are text. A label of
        another kind stays as it is.

    Raises:
        FormatError: If some labels are text and others are numbers.
    """
    labels = [_plain_label(label) for label in labels]
    texts = {label for label in labels if isinstance(label, str)}
    if not texts:
        return labels, None
    numbers = [
        label for label in labels if isinstance(label, int) and label >= 0
    ]
    if numbers:
        raise FormatError(
            path,
            f'labels are text and numbers, such as {min(texts)!r} and '
            f'{numbers[0]}: give all clips one kind',
        )
    names = sorted(texts)
    if all(name.isdecimal() for name in names):
        names.sort(key=int)
    number = {name: i for i, name in enumerate(names)}
    return [number[x] if isinstance(x, str) else x for x in labels], names


def plain(value: Any) -> Any:
    """A number, a text, a truth value or a short list of them; else None."""
    if isinstance(value, np.ndarray) and value.size == 1:
        value = value.reshape(-1)[0]
    if isinstance(value, np.generic):
        value = value.item()
    if isinstance(value, np.ndarray) and value.ndim == 1 and len(value) <= 16:
        value = value.tolist()
    if isinstance(value, (list, tuple)):
        if len(value) > 16 or any(isinstance(x, _CONTAINERS) for x in value):
            return None
        values = [plain(x) for x in value]
        return None if any(x is None for x in values) else values
    if isinstance(value, float) and not math.isfinite(value):
        return None
    return value if isinstance(value, (bool, int, float, str)) else None


def _plain_label(label: Any) -> Any:
    if isinstance(label, (list, tuple)) and len(label) == 1:
        (label,) = label
    if isinstance(label, np.ndarray) and label.size == 1:
        label = label.reshape(-1)[0]
    if isinstance(label, str) and label.strip().lower() in _NO_LABEL:
        return UNLABELLED
    value = plain(label)
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    missing = label is None or (
        isinstance(label, (float, np.floating)) and math.isnan(label)
    )
    if missing or value == UNLABELLED:
        return UNLABELLED
    if isinstance(value, bool) or not isinstance(value, (int, str)):
        return label
    if isinstance(value, int) and not 0 <= value < MAX_CLASSES:
        return (value,)
    return value
