"""Stand-ins for what numpy's pickles call, shared by the restricted readers.

numpy's own functions and classes take more than pickles of plain arrays need:
called with bytes and an object dtype, ``numpy.ndarray`` makes objects of raw
memory; a dtype whose state is set anew makes an array that is there already
reach beyond its memory.
"""

import pickle
import re
from typing import Any, Tuple

import numpy as np

_PLAIN_DTYPE = re.compile(r'[<>|=]?[?biufSU]\d*', re.ASCII)


class Refused(pickle.UnpicklingError):
    """A pickle asks for something that data does not need."""


# Takes the place of the class numpy.ndarray, which pickles name as an
# argument. It cannot be called.
NDARRAY = object()


class PlainDtype:
    """Stand in for ``numpy.dtype``: numbers and text, no objects."""

    def __init__(self, name: Any, *args) -> None:
        if isinstance(name, bytes):
            name = name.decode('latin1')
        if not isinstance(name, str) or not _PLAIN_DTYPE.fullmatch(name):
            raise Refused(
                f'arrays of type {name!r:.40}; arrays must hold numbers or '
                'text'
            )
        self.dtype = np.dtype(name)

    def __setstate__(self, state: Tuple) -> None:
        """Of the state, the byte order is not in the name already."""
        order = state[1]
        order = order.decode() if isinstance(order, bytes) else order
        self.dtype = self.dtype.newbyteorder(order)


class PlainArray(np.ndarray):
    """An array that takes its state from a pickle, and is pickled as those
    of numpy are."""

    def __setstate__(self, state: Tuple) -> None:
        version, shape, dtype, is_fortran, data = state
        if not dtype.dtype.itemsize:  # any number of which take no byte
            raise Refused(f'an array of {shape} elements of no size')
        super().__setstate__((version, shape, dtype.dtype, is_fortran, data))

    def __reduce_ex__(self, protocol: int) -> Tuple:
        return self.view(np.ndarray).__reduce_ex__(protocol)


def reconstruct(subtype: Any, shape: Any, typecode: Any) -> PlainArray:
    """Stand in for ``numpy.core.multiarray._reconstruct``: an empty array,
    whose state follows in the pickle."""
    if subtype is not NDARRAY:
        raise Refused(f'arrays of {subtype!r:.40}')
    return np.empty(0, np.int8).view(PlainArray)


def scalar(dtype: PlainDtype, data: Any) -> np.generic:
    """Stand in for ``numpy.core.multiarray.scalar``."""
    data = data.encode('latin1') if isinstance(data, str) else data
    (value,) = np.frombuffer(data, dtype.dtype)
    return value


def frombuffer(
    data: Any, dtype: PlainDtype, shape: Tuple, order: str
) -> np.ndarray:
    """Stand in for ``numpy.core.numeric._frombuffer``."""
    return np.frombuffer(data, dtype.dtype).reshape(shape, order=order)


def no_bytes() -> bytes:
    """Stand in for ``bytes``, as which old protocols keep empty ones."""
    return b''
