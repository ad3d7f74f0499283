"""Command lines, run in forks of a server that has imported the stack.

Importing torch and the toolboxes takes seconds, a fork milliseconds. All that
processes of tests share is here: it is imported once by their server.
"""

import gc
import json
import multiprocessing
import os
import resource
import runpy
import socket
import sys
import tempfile
import warnings
from functools import cache
from multiprocessing.forkserver import ensure_running
from pathlib import Path
from typing import Callable, Dict, List, NamedTuple
from unittest import mock

import matplotlib.pyplot  # noqa: F401  imported by runners late
import torch._dynamo  # noqa: F401  the same
from mmaction.utils import register_all_modules
from mmengine.config import config

import projects.ikem  # noqa: F401  mends what is imported below

ROOT = Path(__file__).resolve().parents[1]

register_all_modules(init_default_scope=False)
# Runners write their config to logs and checkpoints; yapf takes most of that.
config.FormatCode = lambda text, **kwargs: (text, True)
# Data sets collect garbage, which takes half a second with all these modules.
gc.collect()
gc.freeze()


@cache
def forkserver():
    """Start method whose processes have imported this module."""
    context = multiprocessing.get_context('forkserver')
    context.set_forkserver_preload(['commands'])
    with mock.patch.dict(os.environ, PYTHONPATH=os.pathsep.join(sys.path)):
        ensure_running()  # would otherwise not find it, and say nothing
    return context


def free_port() -> int:
    with socket.socket() as sock:
        sock.bind(('', 0))
        return sock.getsockname()[1]


def rank_environment(rank: int, ranks: int, port: int) -> Dict[str, str]:
    """What torchrun tells each of its processes."""
    return dict(
        RANK=str(rank),
        LOCAL_RANK=str(rank),
        WORLD_SIZE=str(ranks),
        MASTER_ADDR='127.0.0.1',
        MASTER_PORT=str(port),
    )


def in_ranks(ranks: int, target: Callable, *args) -> None:
    """Call ``target(rank, ranks, *args)`` in a process per rank."""
    processes = [
        forkserver().Process(target=target, args=(rank, ranks, *args))
        for rank in range(ranks)
    ]
    for process in processes:
        process.start()
    for process in processes:
        process.join()
        assert process.exitcode == 0


class Result(NamedTuple):
    """End of a process."""

    returncode: int
    stdout: str
    stderr: str


class Process:
    """A tool that runs.

    Args:
        path: The tool, below the repository's root.
        args: Its arguments.
        cwd: Where it runs. Defaults to the current folder.
        env: Variables to add to those of this process.
        max_bytes: Size that no file can exceed, as on a full disk.
        fork: Whether processes that the tool would spawn are forks.
    """

    def __init__(
        self, path, *args, cwd=None, env=None, max_bytes=None, fork=False
    ):
        self.outputs = [tempfile.NamedTemporaryFile() for _ in range(2)]
        names = [file.name for file in self.outputs]
        command = [str(ROOT / path), *map(str, args)]
        cwd = str(cwd or os.getcwd())
        self.process = forkserver().Process(
            target=_run,
            args=(command, cwd, {**os.environ, **(env or {})}, names),
            kwargs=dict(max_bytes=max_bytes, fork=fork),
        )
        self.process.start()

    def wait(self, timeout: float = 240) -> Result:
        self.process.join(timeout)
        if self.process.exitcode is None:
            self.process.kill()
            self.process.join()
        texts = []
        for file in self.outputs:
            file.seek(0)
            texts.append(file.read().decode())
            file.close()
        return Result(self.process.exitcode, *texts)


def _run(command, cwd, env, outputs, max_bytes, fork) -> None:
    """Be the process that runs a tool."""
    for fd, name in enumerate(outputs, 1):
        target = os.open(name, os.O_WRONLY | os.O_APPEND)
        os.dup2(target, fd)
        os.close(target)
    os.environ.clear()
    os.environ.update(env)
    os.chdir(cwd)
    # or workers would come from a server as well, which had imported nothing
    multiprocessing.set_start_method(None, force=True)
    if fork:
        context = multiprocessing.get_context('fork')
        multiprocessing.get_context = lambda method: context
    path = command[0]
    sys.argv = command
    sys.path.insert(0, os.path.dirname(path))
    # warnings of our own are errors, as in the tests' process
    warnings.filterwarnings('error', module=r'projects\.ikem')
    warnings.filterwarnings('ignore', 'no `pretrained` checkpoint')
    if max_bytes is not None:
        limit = resource.getrlimit(resource.RLIMIT_FSIZE)[1]
        resource.setrlimit(resource.RLIMIT_FSIZE, (max_bytes, limit))
    runpy.run_path(path, run_name='__main__')


def run_tool(path, *args, **kwargs) -> Result:
    """Run a tool to its end, see :class:`Process`."""
    return Process(path, *args, **kwargs).wait()


def succeed(path, *args, **kwargs) -> str:
    """Run a tool that succeeds.

    Returns:
        str: What it printed.
    """
    result = run_tool(path, *args, **kwargs)
    assert result.returncode == 0, result.stdout + result.stderr
    return result.stdout


def fail(path, *args, returncode=1, **kwargs) -> str:
    """Run a tool that refuses what it is given.

    Returns:
        str: The line that says why, which names the tool.
    """
    result = run_tool(path, *args, **kwargs)
    assert result.returncode == returncode, result
    assert 'Traceback' not in result.stderr
    line = result.stderr.splitlines()[-1]
    name = f'{os.path.basename(path)}: '
    assert name in line, result.stderr
    return line[line.index(name) :]  # a bar of progress may precede it


def end_of_ranks(ranks: int, path, *args, **kwargs) -> List[Result]:
    """Run a tool on some ranks of a CPU, as torchrun would."""
    port = free_port()
    processes = [
        Process(
            path,
            *args[:1],
            *('--launcher', 'pytorch'),
            *args[1:],
            env=rank_environment(rank, ranks, port),
            **kwargs,
        )
        for rank in range(ranks)
    ]
    return [process.wait() for process in processes]


def run_ranks(ranks: int, path, *args, **kwargs) -> None:
    """Run a tool on some ranks, which succeed."""
    for result in end_of_ranks(ranks, path, *args, **kwargs):
        assert result.returncode == 0, result.stdout + result.stderr


def scalars(work_dir) -> list:
    """What was logged below a folder, entry by entry."""
    return [
        json.loads(line)
        for log in sorted(Path(work_dir).glob('**/vis_data/scalars.json'))
        for line in log.read_text().splitlines()
    ]
