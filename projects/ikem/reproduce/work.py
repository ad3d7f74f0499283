"""The work of a suite: each run with each seed, and what is left of it."""

import os
import shlex
import sys
import time
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, Callable, ClassVar, Dict, List, Optional, Set, Tuple

from mmengine.config import Config

from ikem_cli.places import TOOLS, shown_config
from projects.ikem.datasets.prepared import read_annotations
from projects.ikem.evaluation.baselines import (
    few_label_pairs,
    prepared_baselines,
)
from projects.ikem.work_dir import WorkDir

from .children import Children
from .identity import commit, config_hash, data_hash
from .options import as_arguments, config_with, notice_change
from .suite import Run


class WorkFailed(Exception):
    """A run ended without a result; says why."""


@dataclass(eq=False)
class Work:
    """A run with one seed.

    Args:
        run (Run): The run.
        seed (int, optional): Its seed; None for baselines.
        folder (Path): Folder of the suite, in which it works.
        root (Path): Folder in which commands are run.
        needs (dict[str, Work]): The work whose checkpoint it takes, by the
            config key that takes it.
        trainer (Path): The script that trains. Defaults to
            ``tools/train.py``.
    """

    run: Run
    seed: Optional[int]
    folder: Path
    root: Path
    needs: Dict[str, 'Work']
    trainer: Path = TOOLS / 'train.py'
    # whether it measures what there is without a learnt feature
    trivial: ClassVar[bool] = False

    @property
    def name(self) -> str:
        name = self.run.name
        return name if self.seed is None else f'seed{self.seed}/{name}'

    @property
    def work_dir(self) -> WorkDir:
        """Its folder, as it is now."""
        return WorkDir(self.folder / self.name, self.name)

    def relative(self, path: Path) -> str:
        """A path relative to the root."""
        return os.path.relpath(path, self.root)

    def data(self) -> Dict[str, Optional[Set[str]]]:
        """The prepared folders and which of their splits are read; None for
        all."""
        raise NotImplementedError

    def made_from(self) -> Dict[str, Any]:
        """What decides whether a result is up to date, by its name in
        words."""
        needs = {need.run.name: need for need in self.needs.values()}
        return {
            **{
                f'data {folder}': data_hash(self.root / folder, splits)
                for folder, splits in self.data().items()
            },
            **{
                f'checkpoint of {name}': need.work_dir.record.get('finished')
                for name, need in needs.items()
            },
        }

    def is_current(self) -> bool:
        """Whether it finished, from what it would be made from now."""
        try:
            record = self.work_dir.record
            return (
                'finished' in record
                and all(need.is_current() for need in self.needs.values())
                and record.get('made_from') == self.made_from()
            )
        except ValueError:  # something was damaged since the start
            return False

    def stale(self) -> Optional[str]:
        """Why what is in the folder, finished or not, is no part of this
        work; None if it is, or if nothing is there."""
        path = self.work_dir.path
        if not path.is_dir() or not any(path.iterdir()):
            return None
        before = self.work_dir.record.get('made_from')
        if before is None:
            return 'it has no record of what it was made from'
        now = self.made_from()
        changed = [k for k in {**now, **before} if now.get(k) != before.get(k)]
        return f'{" and ".join(changed)} changed' if changed else None

    def move_aside(self) -> str:
        """Move the folder below ``stale``; returns where to."""
        n = 1
        while (new := self.folder / 'stale' / f'{self.name}.{n}').exists():
            n += 1
        new.parent.mkdir(parents=True, exist_ok=True)
        self.work_dir.path.rename(new)
        return self.relative(new)

    def execute(self, children: Children, say: Callable[[str], None]) -> float:
        """Do the work: go on with what is in the folder, or move it aside
        and begin anew.

        The folder gets ``record.json``: ``run`` and ``seed``, ``made_from``,
        ``commit``, ``command``, the times ``began`` and ``finished``, and
        what :meth:`do` adds.

        Args:
            children (Children): What runs its process.
            say (callable): What tells of an earlier result.

        Returns:
            float: Seconds that it took.

        Raises:
            Stopped: If the children are told to stop.
            WorkFailed: If there is no result.
        """
        begin = time.monotonic()
        if self.run.config is not None:  # the suite may have begun days ago
            notice_change(self.run.config)
        reason = self.stale()
        if reason is not None:
            say(f'{reason}; the old run is now {self.move_aside()}')
        record = dict(
            run=self.run.name,
            seed=self.seed,
            made_from=self.made_from(),
            commit=commit(),
            began=self.work_dir.record.get('began', _now()),
            command=self.command(),
        )
        self.work_dir.write_record(record)
        record.update(self.do(children))
        self.work_dir.write_record(dict(record, finished=_now()))
        return time.monotonic() - begin

    def do(self, children: Children) -> Dict[str, Any]:
        """Do the work in its folder; returns what else is to be recorded."""
        raise NotImplementedError

    def command(self) -> List[str]:
        """The command that does it; empty if this process does it."""
        return []

    def result(self, metric: str) -> Tuple[float, Optional[float]]:
        """A metric of the last and of the best epoch, in percent.

        Raises:
            FileNotFoundError: If there is no log.
            ValueError: If there is no such metric.
        """
        raise NotImplementedError

    def info(self) -> Dict[str, Any]:
        """What the JSON file of a table tells of it."""
        seconds = self.work_dir.seconds
        return dict(
            seed=self.seed,
            work_dir=self.relative(self.work_dir.path),
            command=shlex.join(self.command()),
            commit=self.work_dir.record.get('commit'),
            finished=self.is_current(),
            seconds=seconds and round(seconds, 1),
        )


class Training(Work):
    """A call of ``tools/train.py``; ``output.log`` has all its output."""

    def options(self, checkpoints: Dict[str, str]) -> Dict[str, Any]:
        """All of ``--cfg-options``."""
        return {
            'randomness.seed': self.seed,
            **self.run.options,
            **checkpoints,
        }

    def checkpoint(self) -> str:
        """The last checkpoint, relative to the root (--cfg-options removes
        blanks); a placeholder if there is none yet."""
        try:
            return self.relative(self.work_dir.last_checkpoint)
        except FileNotFoundError:
            return f'LAST_CHECKPOINT_OF_{self.run.name}'

    def command(self) -> List[str]:
        checkpoints = {k: need.checkpoint() for k, need in self.needs.items()}
        program = ['ikem', 'train']
        if (self.root / 'tools').resolve() == self.trainer.parent:
            program = ['python', self.relative(self.trainer)]
        return [
            *program,
            shown_config(self.run.config, self.root),
            '--resume',
            *(['--amp'] if self.run.amp else []),
            *([] if self.run.measured else ['--no-validate']),
            '--work-dir',
            self.relative(self.work_dir.path),
            '--cfg-options',
            *as_arguments(self.options(checkpoints)),
        ]

    def config(self) -> Config:
        """The config that it is trained with now, without checkpoints; see
        :func:`config_with`."""
        checkpoints = dict.fromkeys(self.needs, 'CHECKPOINT')
        return config_with(self.run.config, self.options(checkpoints))

    def data(self) -> Dict[str, Optional[Set[str]]]:
        cfg = self.config()
        loaders = ['train_dataloader']
        if self.run.measured:
            loaders.append('val_dataloader')
        splits: Dict[str, Optional[Set[str]]] = {}
        for loader in loaders:
            dataset = cfg[loader].dataset
            read = splits.setdefault(dataset.data_root, set())
            if read is not None and 'split' in dataset:
                read.add(dataset.split)
            else:
                splits[dataset.data_root] = None
        return splits

    def made_from(self) -> Dict[str, Any]:
        return {
            'config': config_hash(self.config(), self.run.measured),
            'amp': self.run.amp,
            **super().made_from(),
        }

    def is_current(self) -> bool:
        last = self.root / self.checkpoint()
        return super().is_current() and last.is_file()

    def do(self, children: Children) -> Dict[str, Any]:
        path = self.work_dir.path / 'output.log'
        with path.open('ab') as log:
            begin = log.tell()
            arguments = self.command()[2:]
            command = [sys.executable, str(self.trainer), *arguments]
            code = children.run(command, cwd=self.root, output=log)
        if code != 0:
            lines = path.read_bytes()[begin:].decode(errors='replace')
            tail = '\n    '.join(lines.splitlines()[-12:])
            raise WorkFailed(
                f'exit status {code}; the last lines of '
                f'{self.relative(path)}:\n    {tail}'
            )
        return dict(checkpoint=self.work_dir.last_checkpoint.name)

    def result(self, metric: str) -> Tuple[float, Optional[float]]:
        accuracy = self.work_dir.accuracy(metric)
        return 100 * accuracy.last, 100 * accuracy.best


class Baselines(Work):
    """The trivial baselines of a prepared folder, for all seeds."""

    trivial = True

    def data(self) -> Dict[str, Optional[Set[str]]]:
        return {self.run.baselines: None}

    def do(self, children: Children) -> Dict[str, Any]:
        """Evaluate them, in this process."""
        folder = self.root / self.run.baselines
        results = prepared_baselines(folder)
        few = few_label_pairs(read_annotations(folder)['split'], results)
        if few:
            of_pairs = prepared_baselines(folder, list(few.values()))
            results.update(
                (name, of_pairs[' '.join(pair)]) for name, pair in few.items()
            )
        return dict(results=results)

    def result(self, metric: str) -> Tuple[float, Optional[float]]:
        """A metric ``SPLIT/NAME``, such as ``xsub/nn1`` or ``xsub_10pct/nn1``;
        there are no epochs."""
        split, _, name = metric.rpartition('/')
        results = self.work_dir.record['results']
        if name not in results.get(split, {}):
            raise ValueError(
                f'{self.work_dir.path} has no {metric}; it has '
                f'{ {split: list(r) for split, r in results.items()} }'
            )
        return results[split][name], None


def plan(
    runs: List[Run],
    seeds: List[int],
    folder: Path,
    root: Path,
    trainer: Path = Work.trainer,
) -> List[Work]:
    """The work of some runs, seed after seed.

    Args:
        runs (list[Run]): Runs, each after the runs that it needs.
        seeds (list[int]): Seeds.
        folder (Path): Work dir of the suite.
        root (Path): Folder in which commands are run.
        trainer (Path): The script that trains. Defaults to
            ``tools/train.py``.

    Returns:
        list[Work]: The work, each after the work that it needs.
    """
    works: List[Work] = [
        Baselines(run, None, folder, root, {})
        for run in runs
        if run.baselines is not None
    ]
    for seed in seeds:
        done: Dict[str, Work] = {}
        for run in runs:
            if run.config is not None:
                needs = {k: done[n] for k, n in run.checkpoint_of.items()}
                done[run.name] = Training(
                    run, seed, folder, root, needs, trainer
                )
        works += done.values()
    return works


def _now() -> str:
    return datetime.now().isoformat()
