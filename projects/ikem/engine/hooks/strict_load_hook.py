import re
from typing import Dict

from mmaction.registry import HOOKS
from mmengine.hooks import Hook
from mmengine.runner import BaseLoop, Runner
from torch import Tensor

from projects.ikem.engine.unwrap import unwrap
from projects.ikem.loading import require_fit


@HOOKS.register_module()
class StrictLoadHook(Hook):
    """Refuse a checkpoint that does not fit the model when resuming or
    testing.

    mmengine warns of missing, left-over and misshapen parameters and goes
    on, with whatever values they happen to have. For ``load_from`` of a new
    training that warning stands.
    """

    def after_load_checkpoint(self, runner: Runner, checkpoint: Dict) -> None:
        """Compare the checkpoint with the model.

        Args:
            runner (Runner): The runner.
            checkpoint (dict): The checkpoint that is about to be loaded.

        Raises:
            RuntimeError: If a parameter or buffer is missing, left over or
                of another shape.
        """
        training = isinstance(runner._train_loop, BaseLoop)  # else a config
        if training and not runner._resume:
            return
        model = unwrap(runner.model)
        state_dict = {
            re.sub(r'^module\.', '', k): v
            for k, v in checkpoint.get('state_dict', checkpoint).items()
            if isinstance(v, Tensor)
        }
        require_fit(model, state_dict)
