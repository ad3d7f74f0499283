"""Run what a suite lacks, and write its tables."""

import fcntl
import os
import shlex
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Callable, Dict, Iterator, List, Optional, Sequence

from mmaction.utils import collect_env

from ikem_cli.command import as_typed
from ikem_cli.places import CONFIGS

from . import tables
from .children import Children
from .identity import commit
from .options import as_arguments
from .scheduler import execute
from .suite import Suite, load_suite
from .work import Work, plan


def reproduce(
    suite: str,
    seeds: Sequence[int],
    root: Path,
    only: Optional[Sequence[str]] = None,
    jobs: int = 1,
    folder: Optional[Path] = None,
    dry_run: bool = False,
    trainer: Path = Work.trainer,
) -> int:
    """Run what a suite lacks, and write its tables.

    Args:
        suite (str): Name of a file of ``configs/suites``, or path of one.
        seeds (sequence[int]): Seeds to run each training with.
        root (Path): Folder in which the commands are run; data folders are
            relative to it.
        only (sequence[str], optional): Tables to make. Defaults to all.
        jobs (int): Runs at a time. Defaults to 1.
        folder (Path, optional): Where runs and tables go. Defaults to
            ``work_dirs/suites/{name of the suite}``.
        dry_run (bool): Only say what would be run. Defaults to False.
        trainer (Path): The script that trains. Defaults to
            ``tools/train.py``.

    Returns:
        int: Exit status: 0 if the tables are complete, 1 if a result is
        missing, 130 if a signal stopped it.

    Raises:
        FileNotFoundError: If the suite or its data is missing.
        ValueError: If the suite or one of its configs is wrong, or something
            is running in its folder.
    """
    loaded = load_suite(_path_of(suite))
    chosen = list(only or loaded.tables)
    folder = folder or root / 'work_dirs/suites' / loaded.name
    # checkpoints in it are given by --cfg-options
    as_arguments({'--work-dir': os.path.relpath(folder, root)})
    seeds = list(dict.fromkeys(seeds))
    works = plan(loaded.needed(chosen), seeds, folder, root, trainer)
    _check(loaded, works, data_too=not dry_run)
    if dry_run:
        return _list(works)
    folder.mkdir(parents=True, exist_ok=True)
    with locked(folder) as lock:
        return carry_out(
            loaded,
            works,
            chosen,
            lambda name: [
                *('python', 'tools/reproduce.py', suite, '--tables', name),
                *('--seeds', *map(str, seeds)),
            ],
            folder,
            jobs,
            lock,
        )


def carry_out(
    suite: Suite,
    works: List[Work],
    chosen: Sequence[str],
    command: Callable[[str], List[str]],
    folder: Path,
    jobs: int,
    lock: int,
) -> int:
    """Do the work of a suite that is not done, and write its tables.

    Args:
        suite (Suite): The suite.
        works (list[Work]): Its work, each after the work that it needs.
        chosen (sequence[str]): Tables to write.
        command (callable): The command line that makes a table, by its name.
        folder (Path): Where runs and tables go.
        jobs (int): Runs at a time.
        lock (int): File descriptor of :func:`locked`.

    Returns:
        int: Exit status, see :func:`reproduce`.
    """
    runs_of = {
        name: {run.name for run in suite.needed([name])} for name in chosen
    }
    details = dict(
        suite=suite.name,
        seeds=list(dict.fromkeys(w.seed for w in works if w.seed is not None)),
        commit=commit(),
        environment=_environment(),
    )

    def write(name: str) -> int:
        """Write a table; returns how many results are missing."""
        text = as_typed(shlex.join(command(name)))
        return tables.write(
            folder / f'table_{name}',
            suite.tables[name],
            [work for work in works if work.run.name in runs_of[name]],
            dict(details, command=text),
        )

    def write_those_of(work: Work) -> None:
        for name in chosen:
            if work.run.name in runs_of[name]:
                with suppress(OSError):  # at the end it is told
                    write(name)

    threads = max(1, (os.cpu_count() or 1) // jobs)
    children = Children(threads, keep_open=[lock])
    progress = execute(works, jobs, children, write_those_of)
    counts = [f'{len(w)} {how}' for how, w in progress.ended.items()]
    print(f'{", ".join(counts)} of {len(works)}')
    missing = sum(write(name) for name in chosen)
    for name in chosen:
        print('\n' + (folder / f'table_{name}.md').read_text('utf-8'))
    if children.stopping:
        print('stopped; the same command goes on')
        return 130
    return 1 if missing or progress.ended['failed'] else 0


def _path_of(suite: str) -> Path:
    path = Path(suite)
    if path.suffix != '.py':
        path = CONFIGS / 'suites' / f'{suite}.py'
    if not path.is_file():
        known = sorted(p.stem for p in path.parent.glob('*.py'))
        raise FileNotFoundError(f'{path} is missing; there are {known}')
    return path.resolve()


def _environment() -> Dict[str, str]:
    """Machine and versions, in one line each."""
    environment = dict(collect_env(), cores=os.cpu_count())
    lines = {key: str(value) for key, value in environment.items()}
    return {key: line for key, line in lines.items() if '\n' not in line}


def _check(suite: Suite, works: List[Work], data_too: bool) -> None:
    """Before the first run, not hours later when a run needs it."""
    for work in works:
        try:
            work.stale()  # reads its record
            data = work.data()  # reads its config
        except ValueError as error:
            raise ValueError(f'run {work.run.name}: {error}') from error
        for folder in data if data_too else ():
            if not (work.root / folder / 'annotations.json').is_file():
                command = suite.data.get(
                    folder, 'python tools/data/prepare_...'
                )
                command = as_typed(command)
                raise FileNotFoundError(
                    f'{folder} is missing: prepare it with `{command}`'
                )


def _list(works: List[Work]) -> int:
    todo = [work for work in works if not work.is_current()]
    for work in todo:
        print(f'{work.name}{_why(work)}')
        if work.command():
            print(f'    {shlex.join(work.command())}')
    print(f'{len(todo)} of {len(works)} to run')
    return 0


def _why(work: Work) -> str:
    waits = [n.name for n in work.needs.values() if not n.is_current()]
    if waits:
        return f', after {", ".join(waits)}'
    reason = work.stale()
    if reason:
        return f', anew: {reason}'
    return ', goes on' if work.work_dir.record else ''


@contextmanager
def locked(folder: Path) -> Iterator[int]:
    """Nobody else works in the folder; runs inherit the lock, so that it
    holds where they outlive the command.

    Args:
        folder (Path): The folder of the suite.

    Yields:
        int: The file descriptor to inherit.

    Raises:
        ValueError: If somebody does.
    """
    with (folder / 'lock').open('w') as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise ValueError(
                f'something is running in {folder}: wait for it, or end it'
            ) from error
        yield file.fileno()
