"""Processes that end with the command that started them."""

import os
import signal
import subprocess
from pathlib import Path
from typing import Any, BinaryIO, List, Sequence, Set


class Stopped(Exception):
    """The command is to end."""


class Children:
    """Runs processes, from several threads, until it is told to stop.

    Each is the leader of a session: Ctrl-C in a terminal does not reach it,
    nor its workers, but by :meth:`stop`.

    Args:
        threads (int): Threads of arithmetic of each, unless the environment
            has OMP_NUM_THREADS.
        keep_open (sequence[int]): File descriptors that they inherit.
            Defaults to none.
    """

    def __init__(self, threads: int, keep_open: Sequence[int] = ()) -> None:
        self.environment = {'OMP_NUM_THREADS': str(threads), **os.environ}
        self.keep_open = keep_open
        self.stopping = False
        self._processes: Set[subprocess.Popen] = set()

    def run(self, command: List[str], cwd: Path, output: BinaryIO) -> int:
        """Run a process to its end.

        Args:
            command (list[str]): Its arguments.
            cwd (Path): Its current folder.
            output (BinaryIO): File that all it prints goes to.

        Returns:
            int: Its exit status.

        Raises:
            Stopped: If it was stopped, or not even started.
        """
        self.check()
        process = subprocess.Popen(
            command,
            cwd=cwd,
            env=self.environment,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
            pass_fds=self.keep_open,
        )
        self._processes.add(process)
        if self.stopping:  # while it was being started
            self._signal(process, signal.SIGTERM)
        code = process.wait()
        self._processes.discard(process)
        self.check()
        return code

    def check(self) -> None:
        """Raise ``Stopped`` if it was stopped."""
        if self.stopping:
            raise Stopped

    def stop(self, *_: Any) -> None:
        """End all processes, by force when told a second time; a signal
        handler."""
        number = signal.SIGKILL if self.stopping else signal.SIGTERM
        self.stopping = True
        for process in list(self._processes):
            self._signal(process, number)

    @staticmethod
    def _signal(process: subprocess.Popen, number: int) -> None:
        try:
            os.killpg(process.pid, number)
        except ProcessLookupError:  # it has just ended
            pass
