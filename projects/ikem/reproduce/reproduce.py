import fcntl
import os
import platform
import shlex
from contextlib import contextmanager
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any, Dict, Iterator, List, Optional, Sequence

import torch

from . import tables
from .children import Children
from .identity import commit
from .options import as_arguments, unknown_options
from .scheduler import execute
from .suite import Suite, load_suite
from .work import Training, Work, plan

_PACKAGES = ('ikem', 'torch', 'mmengine', 'mmaction2', 'numpy', 'doit')


def reproduce(
    suite: str,
    seeds: Sequence[int],
    root: Path,
    only: Optional[Sequence[str]] = None,
    jobs: int = 1,
    folder: Optional[Path] = None,
    dry_run: bool = False,
) -> int:
    """Run what a suite lacks, and write its tables.

    Args:
        suite (str): Name of a file of ``configs/suites``, or path of one.
        seeds (sequence[int]): Seeds to run each training with.
        root (Path): Root of the repository, which paths in the suite and in
            the commands are relative to.
        only (sequence[str], optional): Tables to make. Defaults to all.
        jobs (int): Runs at a time. Defaults to 1.
        folder (Path, optional): Where runs and tables go. Defaults to
            ``work_dirs/suites/{name of the suite}``.
        dry_run (bool): Only say what would be run. Defaults to False.

    Returns:
        int: Exit status: 0 if the tables are complete, 1 if a result is
        missing, 130 if a signal stopped it.

    Raises:
        FileNotFoundError: If the suite, a config or its data is missing.
        ValueError: If the suite is wrong, or something is running in its
            folder.
    """
    path = Path(suite)
    if path.suffix != '.py':
        path = root / 'configs/suites' / f'{suite}.py'
    if not path.is_file():
        known = sorted(p.stem for p in path.parent.glob('*.py'))
        raise FileNotFoundError(f'{path} is missing; there are {known}')
    loaded = load_suite(path)
    chosen = list(only or loaded.tables)
    folder = folder or root / 'work_dirs/suites' / loaded.name
    # checkpoints in it are given by --cfg-options
    as_arguments({'--work-dir': os.path.relpath(folder, root)})
    works = plan(
        loaded.needed(chosen), list(dict.fromkeys(seeds)), folder, root
    )
    _check_configs(works)
    if dry_run:
        return _list(works)
    _check_data(loaded, works)
    folder.mkdir(parents=True, exist_ok=True)
    with _locked(folder) as lock:
        threads = max(1, (os.cpu_count() or 1) // jobs)
        children = Children(threads, keep_open=[lock])
        report = execute(works, jobs, children)
    counts = [f'{len(names)} {how}' for how, names in report.ended.items()]
    print(f'{", ".join(counts)} of {len(works)}')
    complete = _write_tables(loaded, suite, chosen, works, seeds, folder)
    if children.stopping:
        print('stopped; the same command goes on')
        return 130
    return 0 if complete and not report.ended['failed'] else 1


def _check_configs(works: List[Work]) -> None:
    """Before the first run, not hours later when a run needs it."""
    for work in works:
        work.record()  # raises if it is damaged
        if not isinstance(work, Training):
            continue
        config = work.root / work.run.config
        if not config.is_file():
            raise FileNotFoundError(
                f'run {work.run.name}: {work.run.config} is missing'
            )
        unknown = unknown_options(config, work.options)
        if unknown:
            raise ValueError(
                f'run {work.run.name}: {work.run.config} has no '
                f'{", ".join(unknown)}'
            )


def _check_data(suite: Suite, works: List[Work]) -> None:
    for work in works:
        for data in work.data():
            if not (work.root / data / 'annotations.json').is_file():
                raise FileNotFoundError(
                    f'{data} is missing: prepare it with `'
                    + suite.data.get(data, 'python tools/data/prepare_...')
                    + '`'
                )


def _list(works: List[Work]) -> int:
    todo = [work for work in works if not work.is_current()]
    for work in todo:
        print(f'{work.name}{_why(work)}')
        if isinstance(work, Training):
            print(f'    python {shlex.join(work.command())}')
    print(f'{len(todo)} of {len(works)} to run')
    return 0


def _why(work: Work) -> str:
    waits = [n.name for n in work.needs.values() if not n.is_current()]
    if waits:
        return f', after {", ".join(waits)}'
    if isinstance(work, Training) and work.path.is_dir():
        reason = work.stale()
        return f', anew: {reason}' if reason else ', goes on'
    return ''


@contextmanager
def _locked(folder: Path) -> Iterator[int]:
    """Nobody else works in the folder; runs inherit the lock, so that it
    holds where they outlive the command."""
    with (folder / 'lock').open('w') as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise ValueError(
                f'something is running in {folder}: wait for it, or end it'
            ) from error
        yield file.fileno()


def _write_tables(
    suite: Suite,
    given: str,
    chosen: List[str],
    works: List[Work],
    seeds: Sequence[int],
    folder: Path,
) -> bool:
    """Write the tables of a suite, ``given`` by that name or path; returns
    whether they are complete."""
    complete = True
    machine = _machine(works[0].root)
    for name in chosen:
        measured = tables.measure(suite.tables[name], works)
        runs = suite.needed([name])
        details = dict(
            suite=suite.name,
            command=f'python tools/reproduce.py {given} --tables {name} '
            f'--seeds {" ".join(map(str, seeds))}',
            seeds=list(seeds),
            runs={
                work.name: work.info() for work in works if work.run in runs
            },
            **machine,
        )
        path = folder / f'table_{name}'
        tables.write(path, measured, details)
        print(f'\n{path.with_name(path.name + ".md").read_text("utf-8")}')
        complete &= not measured['missing']
    return complete


def _machine(root: Path) -> Dict[str, Any]:
    versions = {'python': platform.python_version()}
    for package in _PACKAGES:
        try:
            versions[package] = version(package)
        except PackageNotFoundError:  # run from the source
            versions[package] = None
    return dict(
        versions=versions,
        commit=commit(root),
        machine=dict(
            cores=os.cpu_count(),
            gpus=[
                torch.cuda.get_device_name(i)
                for i in range(torch.cuda.device_count())
            ],
        ),
    )
