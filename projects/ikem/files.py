"""Files and folders that are there as a whole or not at all."""

import json
import os
import shutil
from contextlib import contextmanager
from pathlib import Path
from typing import Dict, Iterator


@contextmanager
def naming(path) -> Iterator[None]:
    """Errors of writing name a path, which that of a full disk does not.

    Args:
        path (str | PathLike): What is written.
    """
    try:
        yield
    except OSError as error:
        reason = error.strerror or str(error)
        raise OSError(error.errno, reason, os.fspath(path)) from error


@contextmanager
def written_aside(path) -> Iterator[Path]:
    """Write a file under another name in its folder, which is made.

    It gets its name when the block ends, and is on the disk by then; if the
    block fails it is removed, and an earlier file of that name stays.

    Args:
        path (str | PathLike): The file to write.

    Yields:
        Path: The file to write in the block, with the same suffix.

    Raises:
        OSError: If it cannot be written; names ``path``.
    """
    path = Path(path)
    aside = path.with_name(f'{path.stem}.partial{path.suffix}')
    with naming(path):
        path.parent.mkdir(parents=True, exist_ok=True)
        try:
            yield aside
            with open(aside, 'rb') as file:
                os.fsync(file.fileno())  # a rename must not overtake it
            os.replace(aside, path)
        finally:
            aside.unlink(missing_ok=True)


def replace_folder(new: Path, path: Path) -> None:
    """Give a folder a name, in place of a folder of that name if there is
    one, which stays if that fails.

    Raises:
        OSError: If it cannot be renamed.
    """
    old = path.with_name(f'{path.name}.old')
    shutil.rmtree(old, ignore_errors=True)
    replaced = path.exists()
    if replaced:
        os.rename(path, old)
    try:
        os.rename(new, path)
    except BaseException:
        if replaced:
            os.rename(old, path)
        raise
    shutil.rmtree(old, ignore_errors=True)


def read_json_dict(path: Path) -> Dict:
    """Read a dict from a json file.

    Raises:
        OSError: If it cannot be read.
        ValueError: If it holds anything else; names the file.
    """
    try:
        content = json.loads(path.read_bytes())
    except (ValueError, RecursionError) as error:
        raise ValueError(f'{path} is no json: {error}') from error
    if not isinstance(content, dict):
        raise ValueError(f'{path} holds no dict')
    return content
