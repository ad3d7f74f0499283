"""Transforms of which each epoch has some."""

from typing import Callable, Dict, List, Sequence, Tuple, Union

import numpy as np
from mmaction.registry import TRANSFORMS
from mmcv.transforms import BaseTransform
from mmengine.dataset import Compose


@TRANSFORMS.register_module()
class ScheduledSubset(BaseTransform):
    """Apply some of the transforms, drawn once per epoch for all clips.

    How many follows a schedule; which ones is uniform, and they keep their
    order. The choice depends on (seed, epoch, slot) alone, whatever the
    worker, and a resumed training repeats it. Views and transforms of one
    slot and number have the same choice; another slot has its own.

    Required Keys:

        - rng_key (tuple[int]): Begins with (seed, epoch), as
          :class:`SkeletonDataset` sets it in a training.
        - what the transforms need

    Modified Keys:

        - what the transforms modify

    Args:
        transforms (list[dict | callable]): The transforms.
        schedule (list[tuple]): (epochs that are done, number of transforms)
            from where each number holds, in order, the first from 0; the
            number can be ``'all'``. For ActCLR: ``[(0, 'all'), (100, 3),
            (200, 1), (300, 0)]``.
        slot (int): Another one draws other transforms. Defaults to 0.

    Raises:
        ValueError: If the schedule does not begin at 0, is not in order or
            wants more transforms than there are; when called, if the clip
            has no ``rng_key``.
    """

    def __init__(
        self,
        transforms: List[Union[dict, Callable]],
        schedule: Sequence[Tuple[int, Union[int, str]]],
        slot: int = 0,
    ) -> None:
        self.transforms = Compose(transforms).transforms
        total = len(self.transforms)
        self.schedule = [
            (begin, total if number == 'all' else number)
            for begin, number in schedule
        ]
        begins = [begin for begin, _ in self.schedule]
        if begins[:1] != [0] or begins != sorted(set(begins)):
            raise ValueError(
                'schedule of ScheduledSubset lists (epochs done, number of '
                f'transforms) from epoch 0 on, in order, got {schedule}'
            )
        wrong = [n for _, n in self.schedule if n not in range(total + 1)]
        if wrong:
            raise ValueError(
                f'schedule of ScheduledSubset wants {wrong[0]!r} of {total} '
                f"transforms: choose 0 to {total}, or 'all'"
            )
        self.slot = slot

    def active(self, seed: int, epoch: int) -> List[int]:
        """Indices of the transforms that an epoch has, in order.

        Args:
            seed (int): Seed of the training.
            epoch (int): Epochs that are done.
        """
        total = len(self.transforms)
        number = [n for begin, n in self.schedule if begin <= epoch][-1]
        if number in (0, total):
            return list(range(number))
        # apart from the keys of clips and views
        key = np.random.SeedSequence((seed, epoch), spawn_key=(self.slot,))
        rng = np.random.default_rng(key)
        return sorted(rng.permutation(total)[:number].tolist())

    def transform(self, results: Dict) -> Dict:
        """Apply the transforms that the epoch has.

        Args:
            results (dict): The result dict.

        Returns:
            dict: The result dict.
        """
        key = results.get('rng_key', ())
        if len(key) < 2:
            raise ValueError(
                'ScheduledSubset does not know the epoch, clip '
                f'{results.get("frame_dir")!r} has no rng_key (seed, epoch, '
                '...): train by epochs with SkeletonDataset, not repeated, '
                'and DatasetEpochHook, or list the transforms without it'
            )
        for i in self.active(*key[:2]):
            results = self.transforms[i](results)
        return results

    def __repr__(self) -> str:
        return (
            f'{self.__class__.__name__}(transforms={self.transforms}, '
            f'schedule={self.schedule}, slot={self.slot})'
        )
