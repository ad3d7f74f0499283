"""What the work dir of a training holds."""

import functools
import json
import re
from datetime import datetime
from pathlib import Path
from typing import Any, Dict, List, NamedTuple, Optional, Tuple

from mmengine.config import Config

from .checkpoint import find_checkpoint
from .engine.cli import read_config
from .engine.logs import read_logs
from .evaluation.baselines import KeptBaselines
from .files import read_json_dict, written_aside


class Accuracy(NamedTuple):
    """A logged accuracy, of the last and of the best epoch.

    Args:
        last (float): Fraction of the clips.
        best (float): Fraction of the clips.
        epoch (int): The best epoch, the first of equal ones.
    """

    last: float
    best: float
    epoch: int


class WorkDir:
    """A work dir of ``tools/train.py``.

    What is read of it is kept: make another object once it changed.

    Args:
        path (Path): The folder.
        name (str, optional): What to call it. Defaults to its name.
    """

    RECORD = 'record.json'

    def __init__(self, path: Path, name: Optional[str] = None) -> None:
        self.path = path
        self.name = name or path.name

    def is_training(self) -> bool:
        """Whether a training has begun in the folder."""
        return any(self.path.glob('*/vis_data')) or any(self.path.glob('*.py'))

    @functools.cached_property
    def config(self) -> Config:
        """The config of the last start, as mmengine left it.

        Raises:
            FileNotFoundError: If there is none.
            ValueError: If it cannot be read.
        """
        configs = sorted(self.path.glob('*/vis_data/config.py'))
        configs = configs or sorted(self.path.glob('*.py'))
        if not configs:
            raise FileNotFoundError(f'{self.path} has no config')
        return read_config(str(configs[-1]))

    @property
    def is_classifier(self) -> bool:
        return self.config.model.type == 'SkeletonClassifier'

    @property
    def last_checkpoint(self) -> Path:
        """The last checkpoint.

        Raises:
            FileNotFoundError: If there is none.
        """
        checkpoint = Path(find_checkpoint(str(self.path)))
        if (
            checkpoint.parent != self.path
        ):  # that of the folder it was copied of
            raise FileNotFoundError(
                f'{self.path / checkpoint.name} is missing'
            )
        return checkpoint

    @property
    def record(self) -> Dict[str, Any]:
        """What a suite wrote of the training (see
        :meth:`reproduce.work.Work.execute`); empty if no suite ran it.

        Raises:
            ValueError: If the file is damaged.
        """
        path = self.path / self.RECORD
        return read_json_dict(path) if path.is_file() else {}

    def write_record(self, record: Dict[str, Any]) -> None:
        with written_aside(self.path / self.RECORD) as path:
            path.write_text(json.dumps(record, indent=2) + '\n')

    @functools.cached_property
    def logs(self) -> Dict[str, Dict[int, float]]:
        """Logged values by epoch, by name; see :func:`read_logs`."""
        return read_logs(self.path)

    def accuracy(self, metric: str) -> Accuracy:
        """What a metric was over the epochs.

        Args:
            metric (str): The name under which it was logged.

        Raises:
            FileNotFoundError: If there is no log.
            ValueError: If no such value was logged.
        """
        if metric not in self.logs:
            names = ', '.join(sorted(n for n in self.logs if '/' in n))
            raise ValueError(
                f'{self.path} logged no {metric}; it has {names or "nothing"}'
            )
        values = self.logs[metric]
        epoch = max(values, key=values.get)
        return Accuracy(list(values.values())[-1], values[epoch], epoch)

    @property
    def accuracies(self) -> Dict[str, Accuracy]:
        """Accuracies on the test clips by name, ``acc/`` left out."""
        names = [name for name in self.logs if name.startswith('acc/')]
        return {name[len('acc/') :]: self.accuracy(name) for name in names}

    @property
    def baselines(self) -> List[Dict[str, Any]]:
        """Trivial baselines of the last training's validation, or test: at
        most one entry, with ``train`` and ``val``, names of splits, and
        ``ridge`` and ``nn1``, percent."""
        splits = {
            loader.dataset.get('split')
            for loader in map(
                self.config.get, ('val_dataloader', 'test_dataloader')
            )
            if loader is not None
        }
        entries = KeptBaselines(self.path).read().values()
        return [entry for entry in entries if entry['val'] in splits][-1:]

    @property
    def headline(self) -> Optional[Tuple[str, Accuracy]]:
        """The top-1 accuracy to name first: of all modalities fused."""
        pairs = self.accuracies.items()
        top1 = [pair for pair in pairs if pair[0].endswith('top1')]
        fused = [pair for pair in top1 if pair[0].startswith('fused')]
        return (fused or top1 or [None])[-1]

    @property
    def status(self) -> str:
        """How far it came."""
        try:
            done = max(max(values) for values in self.logs.values())
        except FileNotFoundError:
            return 'nothing logged'
        total = self.config.train_cfg.max_epochs
        if done < total:
            return f'broken off or running: epoch {done} of {total}'
        return f'finished: {total} epochs'

    @property
    def _text_logs(self) -> List[Path]:
        """The log of each start, which mmengine names by its time."""
        logs = sorted(self.path.glob('*/*.log'))
        return [log for log in logs if log.stem == log.parent.name]

    @property
    def seconds(self) -> Optional[float]:
        """Wall time of all starts, each from the time that its folder is
        named by to the last time in its log; None if the logs do not tell."""
        try:
            return sum(_seconds(log) for log in self._text_logs)
        except ValueError:  # the name of a folder is no time
            return None

    @property
    def environment(self) -> List[Tuple[str, str]]:
        """What the log of the last start says of machine and versions.

        Raises:
            FileNotFoundError: If there is no log.
            ValueError: If it says nothing of them.
        """
        if not self._text_logs:
            raise FileNotFoundError(f'{self.path} has no */*.log')
        log = self._text_logs[-1]
        head, _, _ = log.read_text(errors='replace').partition(' - Config:')
        pairs = re.findall(r'^ {4}(\w[^:\n]*): (\S.*)$', head, re.MULTILINE)
        if not pairs:  # as with log_level='WARNING'
            raise ValueError(f'{log} says nothing of the environment')
        # what has many lines is left out
        return [pair for pair in pairs if 'details' not in pair[0]]


def _seconds(log: Path) -> float:
    begin = datetime.strptime(log.stem, '%Y%m%d_%H%M%S')
    times = re.findall(
        r'^(\d{4}/\d\d/\d\d \d\d:\d\d:\d\d) - ',
        log.read_text(errors='replace'),
        re.MULTILINE,
    )
    if not times:
        return 0
    end = datetime.strptime(times[-1], '%Y/%m/%d %H:%M:%S')
    return (end - begin).total_seconds()
