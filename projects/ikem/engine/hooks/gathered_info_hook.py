from typing import Dict, List, Optional, Tuple

import torch
from mmaction.registry import HOOKS
from mmengine.hooks import Hook, LoggerHook, RuntimeInfoHook
from mmengine.runner import Runner
from torch import Tensor


def is_due(hook: Hook, runner: Runner, batch_idx: int) -> bool:
    """Whether to look at the device after an iteration: when the log has a
    line, and on a CPU always."""
    if next(runner.model.parameters()).device.type == 'cpu':
        return True
    loggers = [h.interval for h in runner.hooks if isinstance(h, LoggerHook)]
    return hook.end_of_epoch(runner.train_dataloader, batch_idx) or any(
        hook.every_n_inner_iters(batch_idx, interval)
        for interval in loggers or [1]
    )


@HOOKS.register_module()
class GatheredInfoHook(RuntimeInfoHook):
    """mmengine's ``RuntimeInfoHook`` without a wait for the device at each
    logged value of each iteration.

    Values of the iterations are kept where they are and transferred together
    at the interval of the log, and before anything else may read them: at the
    end of an epoch, before validation and before a checkpoint is saved. Each
    iteration is in the history, in its order.
    """

    def __init__(self) -> None:
        self.waiting: List[Tuple[List[str], Tensor]] = []

    def after_train_iter(
        self,
        runner: Runner,
        batch_idx: int,
        data_batch: Optional[Dict] = None,
        outputs: Optional[Dict[str, Tensor]] = None,
    ) -> None:
        """Keep the values, or transfer them.

        Args:
            runner (Runner): The runner of the training process.
            batch_idx (int): Index of the batch in the epoch.
            data_batch (dict, optional): The batch.
            outputs (dict[str, Tensor], optional): What is logged by name.
        """
        outputs = dict(outputs or {})
        names = [n for n, x in outputs.items() if isinstance(x, Tensor)]
        if names:
            values = [outputs.pop(name).detach() for name in names]
            self.waiting.append((names, torch.stack(values)))
        for name, value in outputs.items():
            runner.message_hub.update_scalar(f'train/{name}', value)
        if is_due(self, runner, batch_idx):
            self.write(runner)

    def write(self, runner: Runner, checkpoint: Optional[Dict] = None) -> None:
        """Write the values that wait to the history.

        Args:
            runner (Runner): The runner of the training process.
            checkpoint (dict, optional): The checkpoint that is to be saved.
        """
        waiting, self.waiting = self.waiting, []
        if not waiting:
            return
        numbers = iter(torch.cat([x for _, x in waiting]).tolist())
        for names, _ in waiting:
            for name in names:
                runner.message_hub.update_scalar(
                    f'train/{name}', next(numbers)
                )

    after_train_epoch = before_val = before_save_checkpoint = write
