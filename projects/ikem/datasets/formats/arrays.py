"""Arrays of clips in npy and npz files, opened without reading them whole."""

import zipfile
from functools import lru_cache
from pathlib import Path
from typing import Tuple

import numpy as np

from .errors import FormatError

_FORMAT = np.lib.format


def open_npy(path) -> np.ndarray:
    """Map an npy file of numbers into memory.

    Args:
        path (str | PathLike): The file.

    Raises:
        FormatError: If it is no whole npy file, or holds objects.
        OSError: If it cannot be read.
    """
    path = Path(path)
    with open(path, 'rb') as file:
        try:
            shape, fortran, dtype = _read_header(file)
        except Exception as error:  # numpy's parser raises all kinds
            raise FormatError(path, f'no whole npy array: {error}') from error
        offset = file.tell()
    return _map(path, path.stat().st_size, offset, shape, fortran, dtype)


def open_npz(path, key: str) -> np.ndarray:
    """Map an array of an npz file into memory; read it if it is compressed.

    Args:
        path (str | PathLike): The file.
        key (str): Name of the array.

    Raises:
        FormatError: If it is no whole npz file, lacks the array, or the array
            holds objects.
        OSError: If it cannot be read.
    """
    path = Path(path)
    with open(path, 'rb') as raw:
        try:
            with zipfile.ZipFile(raw) as archive:
                info = archive.getinfo(f'{key}.npy')
                with archive.open(info) as file:
                    header = _read_header(file)
                    start = file.tell()
            raw.seek(info.header_offset + 26)  # this header may be longer
            lengths = np.frombuffer(raw.read(4), '<u2')
        except KeyError:
            raise FormatError(path, f'holds no array {key!r}') from None
        except Exception as error:  # of zipfile and of numpy's parser
            raise FormatError(path, f'no whole npz file: {error}') from error
    size = path.stat().st_size
    if info.compress_type == zipfile.ZIP_STORED:
        offset = info.header_offset + 30 + int(lengths.sum()) + start
        return _map(path, size, offset, *header)
    return _inflate(path, key, size, path.stat().st_mtime_ns)


def names_of(path) -> Tuple[str, ...]:
    """Names of the arrays of an npz file.

    Raises:
        FormatError: If it is no npz file.
        OSError: If it cannot be read.
    """
    try:
        with zipfile.ZipFile(path) as archive:
            return tuple(Path(name).stem for name in archive.namelist())
    except zipfile.BadZipFile as error:
        raise FormatError(path, f'no npz file: {error}') from error


def _read_header(file) -> Tuple:
    version = _FORMAT.read_magic(file)
    size = int.from_bytes(
        file.peek(4)[: 2 if version == (1, 0) else 4], 'little'
    )
    if size > 10000:
        raise ValueError(f'its header claims {size} bytes')
    read = getattr(_FORMAT, f'read_array_header_{version[0]}_0', None)
    if read is None:
        raise ValueError(f'version {version} is unknown')
    shape, fortran, dtype = read(file)
    if not all(0 <= number < 2**40 for number in shape):
        raise ValueError(f'its header claims the shape {shape}')
    if dtype.hasobject:
        raise ValueError('it holds objects, which are not read')
    return shape, fortran, dtype


def _map(path, size, offset, shape, fortran, dtype) -> np.ndarray:
    claimed = offset + int(np.prod(shape, dtype=object)) * dtype.itemsize
    if claimed > size:
        raise FormatError(
            path, f'truncated: {claimed} bytes claimed, it has {size}'
        )
    if claimed == offset:
        return np.zeros(shape, dtype)
    order = 'F' if fortran else 'C'
    return np.memmap(path, dtype, 'r', offset, tuple(shape), order)


@lru_cache(maxsize=4)  # of each process
def _inflate(path: Path, key: str, *_) -> np.ndarray:
    """Read a compressed array whose claims agree; anew once it changes."""
    try:
        with zipfile.ZipFile(path) as archive:
            info = archive.getinfo(f'{key}.npy')
            with archive.open(info) as file:
                shape, fortran, dtype = _read_header(file)
                claimed = int(np.prod(shape, dtype=object)) * dtype.itemsize
                # deflate makes at most 1032 bytes of one
                if claimed > min(info.file_size, 1032 * info.compress_size):
                    raise ValueError(
                        f'{key}: {claimed} bytes claimed, it has '
                        f'{info.file_size}'
                    )
                array = np.frombuffer(file.read(claimed), dtype)
        return array.reshape(shape, order='F' if fortran else 'C')
    except Exception as error:
        raise FormatError(path, f'no whole npz file: {error}') from error
