from typing import Iterator

from mmaction.registry import HOOKS
from mmengine.dataset import ConcatDataset
from mmengine.hooks import Hook
from mmengine.runner import EpochBasedTrainLoop, Runner
from torch.utils.data import Dataset

from projects.ikem.datasets import SkeletonDataset


def _skeleton_datasets(dataset: Dataset) -> Iterator[SkeletonDataset]:
    if isinstance(dataset, SkeletonDataset):
        yield dataset
    elif isinstance(dataset, ConcatDataset):
        for part in dataset.datasets:
            yield from _skeleton_datasets(part)


@HOOKS.register_module()
class DatasetEpochHook(Hook):
    """Tell the training dataset the seed and the epoch.

    Augmentation then depends on (seed, epoch, sample, view) alone: neither on
    the number of workers nor on what ran before a resume.

    Clips of a ``RepeatDataset``, and loops that do not count epochs, would
    see the same views again within an epoch; there the transforms keep
    drawing from numpy's global state.
    """

    def before_train_epoch(self, runner: Runner) -> None:
        """Pass on the epoch, also to workers that persist.

        Args:
            runner (Runner): The runner of the training process.
        """
        if isinstance(runner.train_loop, EpochBasedTrainLoop):
            for dataset in _skeleton_datasets(runner.train_dataloader.dataset):
                dataset.set_epoch(runner.seed, runner.epoch)
