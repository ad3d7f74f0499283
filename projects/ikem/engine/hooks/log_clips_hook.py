from collections import Counter

from mmaction.registry import HOOKS
from mmengine.dataset import BaseDataset
from mmengine.hooks import Hook
from mmengine.runner import Runner


@HOOKS.register_module()
class LogClipsHook(Hook):
    """Log which clips a training uses, for fractions of the labels.

    Needs a :class:`SkeletonDataset`.
    """

    def before_train(self, runner: Runner) -> None:
        """Log the rows of the clips in the prepared folder.

        Args:
            runner (Runner): The runner of the training process.
        """
        dataset = runner.train_dataloader.dataset
        # of the base class: the dataset's own would read the joints
        clips = [
            BaseDataset.get_data_info(dataset, i) for i in range(len(dataset))
        ]
        counts = Counter(clip['label'] for clip in clips)
        runner.logger.info(
            f'training on {len(clips)} clips, split {dataset.split!r} of '
            f'{dataset.data_root}, {min(counts.values())} to '
            f'{max(counts.values())} of each of {len(counts)} classes, rows '
            f'{[clip["row"] for clip in clips]}'
        )
