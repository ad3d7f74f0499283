from typing import Dict, Optional

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
        if getattr(model, 'exchanges', None):
            last = runner.max_iters - 1
            if not self._set_progress(runner, last):
                runner.logger.warning(
                    f'exchange_begin={model.exchange_begin} of the model is '
                    'not within this training: the modalities will exchange '
                    'nothing. Lower it, or give a share such as 0.5'
                )

    def before_train_iter(
        self, runner: Runner, batch_idx: int, data_batch: Optional[Dict] = None
    ) -> None:
        """Set the progress of the iteration.

        Args:
            runner (Runner): The runner of the training process.
            batch_idx (int): Index of the batch in the epoch.
            data_batch (dict, optional): The batch.
        """
        model = unwrap(runner.model)
        if not hasattr(model, 'set_progress'):
            return
        model.set_accumulation(runner.optim_wrapper)
        before = runner.iter > 0 and self._set_progress(
            runner, runner.iter - 1
        )
        if self._set_progress(runner, runner.iter) and not before:
            runner.logger.info(
                f'iteration {runner.iter + 1}: the modalities exchange '
                'knowledge'
            )
            for hook in runner.hooks:  # of iterations before
                if isinstance(hook, GatheredInfoHook):
                    hook.write(runner)
            # or the log would go on showing losses that are not computed
            scalars = runner.message_hub.log_scalars
            for name in [n for n in scalars if n.startswith('train/loss')]:
                del scalars[name]

    def _set_progress(self, runner: Runner, iteration: int) -> bool:
        """Whether the modalities exchange in an iteration."""
        model, loader = unwrap(runner.model), runner.train_dataloader
        if isinstance(runner.train_loop, EpochBasedTrainLoop):
            epoch, epochs = iteration // len(loader), runner.max_epochs
        else:
            # an InfiniteSampler counts the clips of all ranks
            clips = loader.batch_size * runner.world_size
            epoch = iteration * clips / len(loader.dataset)
            epochs = runner.max_iters * clips / len(loader.dataset)
        model.set_progress(epoch, epochs)
        return model.exchanging
