"""The work of a suite: each run with each seed, and what is left of it."""

import functools
import json
import os
import shlex
import sys
from pathlib import Path
from typing import Any, Callable, Dict, List, Optional, Set, Tuple

from mmengine.config import Config

from projects.ikem.evaluation.baselines import prepared_baselines
from projects.ikem.files import read_json_dict, written_aside

from .children import Children
from .history import logged_seconds, read_history
from .identity import (
    commit,
    comparable,
    data_hash,
    file_hash,
    first_difference,
)
from .options import as_arguments, config_with
from .suite import Run


class WorkFailed(Exception):
    """A run ended without a result; says why."""


class Work:
    """A run with one seed.

    What is beside its folder: ``.log``, all its output; ``.json``, a record
    of what it was made from.

    Args:
        run (Run): The run.
        seed (int, optional): Its seed; None for what has none.
        path (Path): Where it works.
        root (Path): Root of the repository, in which commands are run.
        needs (dict[str, Work]): The work whose checkpoint it takes, by the
            config key that takes it.
    """

    def __init__(
        self,
        run: Run,
        seed: Optional[int],
        path: Path,
        root: Path,
        needs: Dict[str, 'Work'],
    ) -> None:
        self.run = run
        self.seed = seed
        self.path = path
        self.root = root
        self.needs = needs
        self.name = run.name if seed is None else f'seed{seed}/{run.name}'
        self.record_path = path.with_name(f'{path.name}.json')
        self.log_path = path.with_name(f'{path.name}.log')

    def record(self) -> Dict[str, Any]:
        """What the work was made from, and ``finished``; empty if nothing
        began.

        Raises:
            ValueError: If the file is damaged.
        """
        if not self.record_path.is_file():
            return {}
        return read_json_dict(self.record_path)

    def write_record(self, **record) -> None:
        with written_aside(self.record_path) as path:
            path.write_text(json.dumps(record, indent=2) + '\n')

    def data_hashes(self) -> Dict[str, Optional[str]]:
        """Hash of what each prepared folder says of the clips that are read;
        None where it is missing."""
        return {
            folder: data_hash(self.root / folder, splits)
            for folder, splits in self.data().items()
        }

    def data(self) -> Dict[str, Optional[Set[str]]]:
        """The prepared folders and which of their splits are read; None for
        all."""
        raise NotImplementedError

    def is_current(self) -> bool:
        """Whether it finished, from what it would be made from now."""
        raise NotImplementedError

    def execute(self, children: Children, say: Callable[[str], None]) -> None:
        """Do the work.

        Args:
            children (Children): What runs its process.
            say (callable): What tells of an earlier result.

        Raises:
            WorkFailed: If there is no result.
        """
        raise NotImplementedError

    def result(self, metric: str) -> Tuple[float, Optional[float]]:
        """A metric of the last and of the best epoch, in percent.

        Raises:
            ValueError: If there is no such metric.
        """
        raise NotImplementedError

    def info(self) -> Dict[str, Any]:
        """What the JSON file of a table tells of it."""
        raise NotImplementedError


class Training(Work):
    """A call of ``tools/train.py``."""

    @property
    def options(self) -> Dict[str, Any]:
        """All of ``--cfg-options``."""
        return {
            'randomness.seed': self.seed,
            **self.run.options,
            **{key: work.checkpoint() for key, work in self.needs.items()},
        }

    def checkpoint(self) -> str:
        """The last checkpoint, relative to the root (--cfg-options removes
        blanks); a placeholder if there is none yet."""
        last = self.path / 'last_checkpoint'
        if not last.is_file():
            return f'LAST_CHECKPOINT_OF_{self.run.name}'
        # by its name alone, since mmengine writes the path where it was
        return self.relative(self.path / Path(last.read_text()).name)

    def relative(self, path: Path) -> str:
        return os.path.relpath(path, self.root)

    def command(self) -> List[str]:
        """The command, without the interpreter."""
        return [
            'tools/train.py',
            self.run.config,
            '--resume',
            *(['--amp'] if self.run.amp else []),
            *([] if self.run.measured else ['--no-validate']),
            '--work-dir',
            self.relative(self.path),
            '--cfg-options',
            *as_arguments(self.options),
        ]

    def config(self) -> Config:
        """The config that it is trained with now."""
        return config_with(self.root / self.run.config, self.options)

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

    def is_current(self) -> bool:
        return (
            self.record().get('finished', False)
            and (self.root / self.checkpoint()).is_file()
            and all(work.is_current() for work in self.needs.values())
            and self.stale() is None
        )

    def stale(self) -> Optional[str]:
        """Why what is in the folder, finished or not, is not a part of this
        work; None if it is, or if nothing is there.

        A folder without a record, of a training that somebody else started,
        is judged by the config that mmengine left in it.
        """
        dumped = self.path / Path(self.run.config).name
        if not dumped.is_file():
            trained = (self.path / 'last_checkpoint').is_file()
            return 'it has another config' if trained else None
        before = Config.fromfile(dumped, import_custom_modules=False)
        for key in self.needs:  # one path, however it was given
            *parents, last = key.split('.')
            node = functools.reduce(lambda n, p: n.get(p, {}), parents, before)
            if isinstance(node.get(last), str):
                node[last] = self.relative(self.root / node[last])
        measured = self.run.measured
        key = first_difference(
            comparable(before, measured),
            comparable(self.config(), measured, self.run.amp),
        )
        if key is not None:
            return f'{key} changed'
        record = self.record()
        data = self.data_hashes()
        if record.get('data', data) != data:
            return 'its data changed'
        for key, work in self.needs.items():
            if not self._took(record, key, work):
                return f'{work.run.name} was trained anew'
        return None

    def _took(self, record: Dict, key: str, work: 'Training') -> bool:
        """Whether it began from the present checkpoint of another work."""
        if 'checkpoints' in record:
            return record['checkpoints'][key] == work.record()['checkpoint']
        began = min(
            p.stat().st_mtime for p in self.path.rglob('*') if p.is_file()
        )
        return (self.root / work.checkpoint()).stat().st_mtime <= began

    def move_aside(self) -> str:
        """Rename folder, log and record to the first free ``.stale{n}``."""
        n = 1
        while self.path.with_name(f'{self.path.name}.stale{n}').exists():
            n += 1
        new = f'{self.path.name}.stale{n}'
        for suffix in ('', '.log', '.json'):
            old = self.path.with_name(self.path.name + suffix)
            if old.exists():
                old.rename(self.path.with_name(new + suffix))
        return new

    def execute(self, children: Children, say: Callable[[str], None]) -> None:
        """Resume what is in the folder, or move it aside and begin anew."""
        reason = self.stale()
        if reason is not None:
            say(f'{reason}; the old run is now {self.move_aside()}')
        record = dict(
            command=['python', *self.command()],
            commit=commit(self.root),
            data=self.data_hashes(),
            checkpoints={
                key: work.record()['checkpoint']
                for key, work in self.needs.items()
            },
        )
        self.write_record(**record, finished=False)
        with self.log_path.open('ab') as log:
            begin = log.tell()
            code = children.run(
                [sys.executable, *self.command()], cwd=self.root, output=log
            )
        if code != 0:
            raise WorkFailed(
                f'exit status {code}; the last lines of '
                f'{self.relative(self.log_path)}:\n{self._tail(begin)}'
            )
        checkpoint = file_hash(self.root / self.checkpoint())
        if checkpoint is None:
            raise WorkFailed(f'no checkpoint in {self.relative(self.path)}')
        self.write_record(**record, finished=True, checkpoint=checkpoint)

    def _tail(self, begin: int, lines: int = 12) -> str:
        with self.log_path.open('rb') as log:
            log.seek(begin)
            text = log.read().decode(errors='replace')
        return '\n'.join(f'    {line}' for line in text.splitlines()[-lines:])

    def result(self, metric: str) -> Tuple[float, Optional[float]]:
        history = [100 * value for value in read_history(self.path, metric)]
        return history[-1], max(history)

    def info(self) -> Dict[str, Any]:
        return dict(
            seed=self.seed,
            work_dir=self.relative(self.path),
            command=shlex.join(['python', *self.command()]),
            commit=self.record().get('commit'),
            finished=self.is_current(),
            seconds=round(logged_seconds(self.path), 1),
        )


class Baselines(Work):
    """The trivial baselines of a prepared folder, for all seeds."""

    def data(self) -> Dict[str, Optional[Set[str]]]:
        return {self.run.baselines: None}

    def is_current(self) -> bool:
        record = self.record()
        return (
            record.get('finished', False)
            and record['data'] == self.data_hashes()
        )

    def execute(self, children: Children, say: Callable[[str], None]) -> None:
        """Evaluate them, in this process."""
        data = self.data_hashes()
        try:
            results = prepared_baselines(self.root / self.run.baselines)
        except (ImportError, OSError, ValueError) as error:
            raise WorkFailed(str(error)) from error
        self.write_record(data=data, results=results, finished=True)

    def result(self, metric: str) -> Tuple[float, Optional[float]]:
        """A metric ``SPLIT/NAME``; there are no epochs."""
        split, _, name = metric.rpartition('/')
        results = self.record()['results']
        if name not in results.get(split, {}):
            raise ValueError(
                f'{self.record_path} has no {metric}; it has '
                f'{ {split: list(r) for split, r in results.items()} }'
            )
        return results[split][name], None

    def info(self) -> Dict[str, Any]:
        return dict(
            seed=None, data=self.run.baselines, finished=self.is_current()
        )


def plan(
    runs: List[Run], seeds: List[int], folder: Path, root: Path
) -> List[Work]:
    """The work of some runs, seed after seed.

    Args:
        runs (list[Run]): Runs, each after what it needs.
        seeds (list[int]): Seeds.
        folder (Path): Work dir of the suite.
        root (Path): Root of the repository.

    Returns:
        list[Work]: The work, each after what it needs.
    """
    works: List[Work] = [
        Baselines(run, None, folder / run.name, root, {})
        for run in runs
        if run.baselines is not None
    ]
    for seed in seeds:
        done: Dict[str, Work] = {}
        for run in runs:
            if run.config is not None:
                done[run.name] = Training(
                    run,
                    seed,
                    folder / f'seed{seed}' / run.name,
                    root,
                    {k: done[n] for k, n in run.checkpoint_of.items()},
                )
        works += done.values()
    return works
