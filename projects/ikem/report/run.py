"""What the work dir of a run holds."""

import functools
import re
from pathlib import Path
from typing import Dict, List, NamedTuple, Optional, Tuple

from mmengine.config import Config

from projects.ikem.engine.cli import read_config
from projects.ikem.engine.logs import read_logs
from projects.ikem.files import read_json_dict
from projects.ikem.reproduce.history import logged_seconds


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


class Run:
    """A work dir of ``tools/train.py``.

    Args:
        path (Path): The folder.
        name (str, optional): What to call it. Defaults to its name.
    """

    def __init__(self, path: Path, name: Optional[str] = None) -> None:
        self.path = path
        self.name = name or path.name

    @staticmethod
    def is_at(path: Path) -> bool:
        """Whether a folder is one."""
        return any(path.glob('*/vis_data')) or any(path.glob('*.py'))

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

    @functools.cached_property
    def logs(self) -> Dict[str, Dict[int, float]]:
        """Logged values by epoch, by name; see :func:`read_logs`."""
        return read_logs(self.path)

    @property
    def is_classifier(self) -> bool:
        return self.config.model.type == 'SkeletonClassifier'

    @property
    def epochs(self) -> int:
        """Epochs that are done."""
        return max(max(values) for values in self.logs.values())

    @property
    def status(self) -> str:
        """How far it came."""
        try:
            done = self.epochs
        except FileNotFoundError:
            return 'nothing logged'
        total = self.config.train_cfg.max_epochs
        if done < total:
            return f'broken off or running: epoch {done} of {total}'
        return f'finished: {total} epochs'

    @property
    def seconds(self) -> Optional[float]:
        """Wall time of all its starts; None if the logs do not tell."""
        try:
            return logged_seconds(self.path)
        except ValueError:  # the name of a folder is no time
            return None

    @property
    def accuracies(self) -> Dict[str, Accuracy]:
        """Accuracies on the test clips by name, ``acc/`` left out."""
        found = {}
        for name, values in self.logs.items():
            if name.startswith('acc/'):
                epoch = max(values, key=values.get)
                last = list(values.values())[-1]
                found[name[4:]] = Accuracy(last, values[epoch], epoch)
        return found

    @property
    def headline(self) -> Optional[Tuple[str, Accuracy]]:
        """The top-1 accuracy to name first: of all modalities fused."""
        top1 = [
            (name, value)
            for name, value in self.accuracies.items()
            if name.endswith('top1')
        ]
        fused = [pair for pair in top1 if pair[0].startswith('fused')]
        return (fused or top1 or [None])[-1]

    @property
    def checkpoint(self) -> Path:
        """The last checkpoint.

        Raises:
            FileNotFoundError: If there is none.
        """
        note = self.path / 'last_checkpoint'
        if not note.is_file():
            raise FileNotFoundError(f'{self.path} has no checkpoint')
        # by its name alone, since mmengine writes the path where it was
        checkpoint = self.path / Path(note.read_text().strip()).name
        if not checkpoint.is_file():
            raise FileNotFoundError(f'{checkpoint} is missing')
        return checkpoint

    @property
    def record(self) -> Dict:
        """What ``tools/reproduce.py`` wrote beside it; empty if nothing."""
        path = self.path.with_name(f'{self.path.name}.json')
        return read_json_dict(path) if path.is_file() else {}

    @property
    def environment(self) -> List[Tuple[str, str]]:
        """What the log of the last start says of machine and versions.

        Raises:
            FileNotFoundError: If there is no log.
            ValueError: If it says nothing of them.
        """
        logs = sorted(
            log
            for log in self.path.glob('*/*.log')
            if log.stem == log.parent.name
        )
        if not logs:
            raise FileNotFoundError(f'{self.path} has no */*.log')
        head, _, _ = (
            logs[-1].read_text(errors='replace').partition(' - Config:')
        )
        pairs = re.findall(r'^ {4}(\w[^:\n]*): (\S.*)$', head, re.MULTILINE)
        if not pairs:  # as with log_level='WARNING'
            raise ValueError(f'{logs[-1]} says nothing of the environment')
        # what has many lines is left out
        return [pair for pair in pairs if 'details' not in pair[0]]
