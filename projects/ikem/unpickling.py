"""Stand-ins for what numpy's pickles call, shared by the restricted readers.

numpy's own functions take more than pickles of plain arrays need: called with
bytes and an object dtype, ``numpy.ndarray`` makes objects of raw memory.
"""

import pickle
import re
from typing import Any

import numpy as np

_PLAIN_DTYPE = re.compile(r'[<>|=]?[?biufSU]\d*', re.ASCII)


class Refused(pickle.UnpicklingError):
    """A pickle asks for something that data does not need."""


# Takes the place of the class numpy.ndarray, which pickles name as an
# argument. It cannot be called.
NDARRAY = object()


def reconstruct(subtype: Any, shape: Any, typecode: Any) -> np.ndarray:
    """Stand in for ``numpy.core.multiarray._reconstruct``: an empty array,
    whose state follows in the pickle."""
    if subtype is not NDARRAY:
        raise Refused(f'arrays of {subtype!r:.40}')
    return np.empty(0, np.int8)


def plain_dtype(name: Any, *args) -> np.dtype:
    """Stand in for ``numpy.dtype``: numbers and text, no objects."""
    if isinstance(name, bytes):
        name = name.decode('latin1')
    if not isinstance(name, str) or not _PLAIN_DTYPE.fullmatch(name):
        raise Refused(
            f'arrays of type {name!r:.40}; arrays must hold numbers or text'
        )
    return np.dtype(name, *args)
