"""Errors that name the file they are about."""

from typing import Optional


class FormatError(ValueError):
    """A file does not hold what its format promises.

    Args:
        path (str | PathLike): The file.
        reason (str): What is wrong and, where it helps, the remedy.
        line (int, optional): Line of the file, counted from 1.
    """

    def __init__(self, path, reason: str, line: Optional[int] = None) -> None:
        # all three as args, so that the error travels between processes
        super().__init__(path, reason, line)
        self.path = str(path)
        self.reason = ' '.join(reason.split())
        self.line = line

    def __str__(self) -> str:
        where = self.path if self.line is None else f'{self.path}:{self.line}'
        return f'{where}: {self.reason}'
