"""What the joints alone give away, in the log of an evaluation."""

from typing import Dict, List, NamedTuple, Optional

import numpy as np
from mmaction.registry import DATASETS, HOOKS
from mmengine.dataset import BaseDataset
from mmengine.dist import master_only
from mmengine.hooks import Hook
from mmengine.runner import BaseLoop, Runner
from torch.utils.data import Dataset

from ikem_cli.errors import describe
from projects.ikem.datasets import SkeletonDataset
from projects.ikem.datasets.prepared_checks import UNLABELLED
from projects.ikem.engine.unwrap import dataset_parts
from projects.ikem.evaluation.baselines import (
    KeptBaselines,
    doubt,
    fit_and_classify,
    pair_key,
    top1,
)


@HOOKS.register_module()
class BaselineHook(Hook):
    """Log the trivial baselines beside an evaluation.

    Ridge and nearest neighbour on the joints of the clips that the evaluation
    is about: fitted to the training's clips, or the gallery, and asked for
    those of the validation or the test. They stand in the log before the
    first epoch; after the last one, or the test, a line says which accuracies
    are below the better one. They are kept in the work dir, and looked for
    there and in the prepared folder, see :class:`KeptBaselines`. Random
    states are neither used nor changed.

    Args:
        enable (bool): False leaves them out. Defaults to True.
        max_clips (int): More clips would take minutes: those are looked for
            only, and the log says how to get them. Defaults to 4000.
    """

    priority = 'LOW'  # below what is logged

    def __init__(self, enable: bool = True, max_clips: int = 4000) -> None:
        self.enable = enable
        self.max_clips = max_clips
        self.baselines: Optional[Dict[str, float]] = None
        self.metrics: Dict[str, float] = {}

    @master_only
    def before_run(self, runner: Runner) -> None:
        """Compute and log them.

        Args:
            runner (Runner): The runner.
        """
        self.baselines, self.metrics = None, {}
        loops = (runner._test_loop, runner._val_loop)
        loops = [x for x in loops if isinstance(x, BaseLoop)]  # or a config
        if not self.enable or not loops:
            return
        try:
            train, val = (
                _Clips.of(dataset)
                for dataset in (
                    _fitted(runner, loops[0]),
                    loops[0].dataloader.dataset,
                )
            )
            self.baselines = self.find(runner, train, val)
        except Exception as error:  # an evaluation can do without
            runner.logger.info(f'no trivial baselines: {describe(error)}')
            return
        runner.logger.info(
            f'trivial baselines on the joints of {val.name}, fitted to '
            f'{train.name}: ridge {self.baselines["ridge"]:.1f} %, nearest '
            f'neighbour {self.baselines["nn1"]:.1f} %'
        )

    def find(
        self, runner: Runner, train: '_Clips', val: '_Clips'
    ) -> Dict[str, float]:
        """Those that are kept, or new ones.

        Raises:
            ValueError: If they would have to be of too many clips, or none
                has a label.
        """
        if not train.rows or not val.rows:
            raise ValueError('no clip has a label')
        folder = val.data_root
        key = f'{pair_key(folder, train.rows, val.rows)}'
        if train.data_root != folder:
            key += pair_key(train.data_root, train.rows, val.rows)
        kept = KeptBaselines(runner.work_dir)
        known = {**KeptBaselines(folder).read(), **kept.read()}
        if key not in known:
            num = len(train.rows) + len(val.rows)
            if num > self.max_clips:
                raise ValueError(
                    f'{num} clips take minutes (max_clips={self.max_clips} of '
                    'BaselineHook). Once for all evaluations: python '
                    f'tools/analysis_tools/baselines.py {folder} --train '
                    f'{train.name} --val {val.name} --keep'
                )
            accuracies = fit_and_classify(
                *(train.joints(), np.array(train.labels)),
                *(val.joints(), np.array(val.labels)),
            )
            known[key] = dict(train=train.name, val=val.name, **accuracies)
        if key not in kept.read():
            kept.add(key, known[key])
        return known[key]

    def after_val_epoch(
        self, runner: Runner, metrics: Optional[Dict[str, float]] = None
    ) -> None:
        """Remember the accuracies of an epoch.

        Args:
            runner (Runner): The runner.
            metrics (dict[str, float], optional): What was measured.
        """
        self.metrics = metrics or {}

    def after_test_epoch(
        self, runner: Runner, metrics: Optional[Dict[str, float]] = None
    ) -> None:
        """Log which accuracies are below them.

        Args:
            runner (Runner): The runner.
            metrics (dict[str, float], optional): What was measured.
        """
        self.compare(runner, metrics or {})

    def after_train(self, runner: Runner) -> None:
        """Log which accuracies of the last epoch are below them.

        Args:
            runner (Runner): The runner.
        """
        self.compare(runner, self.metrics)

    def compare(self, runner: Runner, metrics: Dict[str, float]) -> None:
        """Log which of some accuracies are below them."""
        if self.baselines is None:
            return
        sentence = doubt(top1(metrics), self.baselines)
        if sentence is not None:
            runner.logger.warning(sentence)


class _Clips(NamedTuple):
    """Clips with a label, of one prepared folder."""

    data_root: str
    name: str
    rows: List[int]
    labels: List[int]
    keypoint: np.ndarray

    def joints(self) -> List[np.ndarray]:
        return [self.keypoint[row] for row in self.rows]

    @classmethod
    def of(cls, dataset: Dataset) -> '_Clips':
        parts = list(dataset_parts(dataset))
        other = [p for p in parts if not isinstance(p, SkeletonDataset)]
        if other:
            raise ValueError(
                f'{type(other[0]).__name__} reads no prepared folder'
            )
        roots = {part.data_root for part in parts}
        if len(roots) != 1:
            raise ValueError(f'the clips are of several folders, {roots}')
        # of the base class: the dataset's own would read the joints
        infos = [
            BaseDataset.get_data_info(part, i)
            for part in parts
            for i in range(len(part))
        ]
        infos = [info for info in infos if info['label'] != UNLABELLED]
        return cls(
            roots.pop(),
            '+'.join(part.split or 'all' for part in parts),
            [info['row'] for info in infos],
            [info['label'] for info in infos],
            parts[0].keypoint,
        )


def _fitted(runner: Runner, loop: BaseLoop) -> Dataset:
    """The clips that an evaluation may learn from."""
    gallery = getattr(loop, 'gallery_dataloader', None)
    if gallery is not None:
        return gallery.dataset
    if isinstance(runner._train_loop, BaseLoop):
        return runner._train_loop.dataloader.dataset
    dataset = (runner.cfg.get('train_dataloader') or {}).get('dataset')
    if dataset is None:
        raise ValueError('the config has no train_dataloader.dataset')
    return DATASETS.build(dataset)
