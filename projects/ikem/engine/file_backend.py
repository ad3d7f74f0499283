from pathlib import Path
from typing import Union

from mmengine.fileio import LocalBackend, register_backend

from projects.ikem.files import written_aside


@register_backend('AtomicLocalBackend')
class AtomicLocalBackend(LocalBackend):
    """Local files that are complete or absent, such as checkpoints.

    They are written aside and renamed: a training that is killed, or a full
    disk, leaves the file as it was.
    """

    def put(self, obj: bytes, filepath: Union[str, Path]) -> None:
        """Write a file.

        Args:
            obj (bytes): Its content.
            filepath (str | Path): Its path.

        Raises:
            OSError: If it cannot be written.
        """
        with written_aside(filepath) as aside:
            super().put(obj, aside)
