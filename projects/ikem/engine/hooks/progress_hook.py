from typing import Dict, Optional, Tuple

from mmaction.registry import HOOKS
from mmengine.hooks import Hook
from mmengine.runner import EpochBasedTrainLoop, Runner

from projects.ikem.engine.unwrap import unwrap

from .gathered_info_hook import GatheredInfoHook


@HOOKS.register_module()
class ProgressHook(Hook):
    """Tell a pre-training how far it is.

    The model then knows in which stage it is, and which batches make a step
    of the optimiser. Both follow from the iteration alone, so that they are
    right after a resume. Under ``EpochBasedTrainLoop`` the progress advances
    with the epochs; under ``IterBasedTrainLoop`` with the iterations, and an
    epoch is as many iterations as all clips take. Other models are left
    alone.
    """

    def before_train(self, runner: Runner) -> None:
        """Warn of exchanges that begin after the end.

        Args:
            runner (Runner): The runner of the training process.
        """
        model = unwrap(runner.model)
        if getattr(model, 'exchanges', None) and not model.exchanges_at(
            *self._progress(runner, runner.max_iters - 1)
        ):
            runner.logger.warning(
                f'exchange_begin={model.exchange_begin} of the model is '
                'not within this training: the modalities will exchange '
                'nothing. Lower it, or give a share such as 0.5'
            )

    def before_train_iter(
        self, runner: Runner, batch_idx: int, data_batch: Optional[Dict] = None
    ) -> None:
        """Set the progress of the iteration, for all batches of a step of the
        optimiser that of the first.

        Args:
            runner (Runner): The runner of the training process.
            batch_idx (int): Index of the batch in the epoch.
            data_batch (dict, optional): The batch.
        """
        model = unwrap(runner.model)
        if not hasattr(model, 'set_progress'):
            return
        model.set_accumulation(runner.optim_wrapper)
        if not model.begins_step and batch_idx > 0:
            return
        was_exchanging = runner.iter > 0 and model.exchanges_at(
            *self._progress(runner, runner.iter - 1)
        )
        model.set_progress(*self._progress(runner, runner.iter))
        if model.exchanging and not was_exchanging:
            runner.logger.info(
                f'iteration {runner.iter + 1}: the modalities exchange '
                'knowledge'
            )
            self._forget_losses(runner)

    def _forget_losses(self, runner: Runner) -> None:
        """Or the log would go on showing losses that are not computed."""
        for hook in runner.hooks:  # of iterations before
            if isinstance(hook, GatheredInfoHook):
                hook.write(runner)
        scalars = runner.message_hub.log_scalars
        for name in [n for n in scalars if n.startswith('train/loss')]:
            del scalars[name]

    def _progress(self, runner: Runner, iteration: int) -> Tuple[float, float]:
        """Epochs that are done before an iteration, and those of all."""
        loader = runner.train_dataloader
        if isinstance(runner.train_loop, EpochBasedTrainLoop):
            return iteration // len(loader), runner.max_epochs
        # an InfiniteSampler counts the clips of all ranks
        size = getattr(loader.batch_sampler, 'batch_size', loader.batch_size)
        clips = (size or 1) * runner.world_size
        num = len(loader.dataset)
        return iteration * clips / num, runner.max_iters * clips / num
