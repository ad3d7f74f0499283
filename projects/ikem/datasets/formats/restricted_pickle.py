"""Load pickles of others without running what is in them."""

import os
import pickle
import struct
from collections import OrderedDict
from pathlib import Path
from typing import Any, BinaryIO

from projects.ikem.unpickling import (
    NDARRAY,
    PlainDtype,
    Refused,
    frombuffer,
    no_bytes,
    reconstruct,
    scalar,
)

from .errors import FormatError


def _encode_latin1(text: str, encoding: str) -> bytes:
    """Stand in for ``codecs.encode``, by which old protocols keep bytes."""
    if encoding not in ('latin1', 'latin-1'):
        raise Refused(f'the encoding {encoding!r:.40}')
    return text.encode('latin1')


_ADMITTED = {
    ('numpy', 'ndarray'): NDARRAY,
    ('numpy', 'dtype'): PlainDtype,
    ('_codecs', 'encode'): _encode_latin1,
    ('collections', 'OrderedDict'): OrderedDict,
}
for _module in ('numpy.core', 'numpy._core'):  # numpy 1 and 2
    _ADMITTED.update(
        {
            (f'{_module}.multiarray', '_reconstruct'): reconstruct,
            (f'{_module}.multiarray', 'scalar'): scalar,
            (f'{_module}.numeric', '_frombuffer'): frombuffer,
        }
    )
for _module in ('builtins', '__builtin__'):  # Python 3 and 2
    _ADMITTED.update(
        {
            (_module, 'bytes'): no_bytes,
            (_module, 'set'): set,
            (_module, 'frozenset'): frozenset,
        }
    )


class _Held:
    """A file that refuses to read more than is left of it.

    Python reserves memory for as many bytes as are asked for.
    """

    def __init__(self, file: BinaryIO) -> None:
        self.file = file
        self.size = os.fstat(file.fileno()).st_size
        self.readline = file.readline

    def check(self, num_bytes: int) -> None:
        left = self.size - self.file.tell()
        if num_bytes > left:
            raise EOFError(f'{num_bytes} bytes claimed, {left} left')

    def read(self, num_bytes: int) -> bytes:
        self.check(num_bytes)
        return self.file.read(num_bytes)

    def readinto(self, buffer) -> int:
        return self.file.readinto(buffer)


# The one in C would reserve memory for as many objects as an index claims.
class _RestrictedUnpickler(pickle._Unpickler):
    dispatch = dict(pickle._Unpickler.dispatch)

    def load_bytearray8(self) -> None:
        """Of the opcodes the one that makes its buffer before it reads."""
        (size,) = struct.unpack('<Q', self.read(8))
        self.append(bytearray(self.read(size)))

    dispatch[pickle.BYTEARRAY8[0]] = load_bytearray8

    def find_class(self, module: str, name: str) -> Any:
        if (module, name) not in _ADMITTED:
            raise Refused(f'{module}.{name}')
        return _ADMITTED[module, name]


def load(path) -> Any:
    """Load a pickle of plain containers and numpy arrays.

    Nothing in the pickle is executed: it may refer to numpy's arrays, scalars
    and plain dtypes, sets and ordered dicts, and to nothing else. Pickles of
    Python 2 are read as latin-1.

    Args:
        path (str | PathLike): The file.

    Raises:
        FormatError: If the file is no whole pickle, or refers to more.
        OSError: If the file cannot be read.
    """
    path = Path(path)
    with open(path, 'rb') as file:
        try:
            return _RestrictedUnpickler(_Held(file), encoding='latin1').load()
        except Refused as refused:
            raise FormatError(
                path,
                f'refused, since the pickle asks for {refused}. Plain '
                'containers and arrays of numbers are read; if you trust the '
                'file, load it yourself and save it again as such',
            ) from None
        except OSError:
            raise
        # any bytes may come: the unpickler raises almost everything there is
        except Exception as error:
            raise FormatError(
                path, f'no whole pickle: {type(error).__name__}: {error}'
            ) from error
