from typing import Dict

from mmaction.registry import HOOKS
from mmengine.hooks import Hook
from mmengine.model import is_model_wrapper
from mmengine.runner import BaseLoop, Runner
from torch.utils.data import Dataset

from projects.ikem.skeletons import get_layout


@HOOKS.register_module()
class DataCheckHook(Hook):
    """Refuse data that do not fit the model, before the first batch does.

    Prepared folders say which skeleton layout they have. Layouts of one
    skeleton that differ in their bones alone, such as ``'ntu-25'`` and
    ``'ntu-25-crossclr'``, go together.
    """

    def before_run(self, runner: Runner) -> None:
        """Check the data of the training or the test.

        Args:
            runner (Runner): The runner.

        Raises:
            ValueError: If the number of joints differs.
        """
        for loop in (runner._train_loop, runner._test_loop):
            if isinstance(loop, BaseLoop):  # else a config
                self._check(runner, loop.dataloader.dataset)

    def _check(self, runner: Runner, dataset: Dataset) -> None:
        model = runner.model
        model = model.module if is_model_wrapper(model) else model
        ours = getattr(model.data_preprocessor, 'layout', None)
        meta: Dict = getattr(dataset, 'metainfo', {})
        if ours is None or 'layout' not in meta:
            return
        theirs = get_layout(meta['layout'])
        if theirs.num_joints != ours.num_joints:
            raise ValueError(
                f'the data set {meta["dataset"]!r} has the skeleton layout '
                f'{theirs.name!r} with {theirs.num_joints} joints, the model '
                f'{ours.name!r} with {ours.num_joints}: set layout in '
                'model.data_preprocessor and model.backbone'
            )
