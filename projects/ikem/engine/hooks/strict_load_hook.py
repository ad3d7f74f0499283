import re
from typing import Dict, Set

from mmaction.registry import HOOKS
from mmengine.hooks import Hook
from mmengine.model import is_model_wrapper
from mmengine.runner import BaseLoop, Runner
from torch import Tensor


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
        model = runner.model
        model = model.module if is_model_wrapper(model) else model
        ours = {k: v.shape for k, v in model.state_dict().items()}
        theirs = {
            re.sub(r'^module\.', '', k): v.shape
            for k, v in checkpoint.get('state_dict', checkpoint).items()
            if isinstance(v, Tensor)
        }
        shared = ours.keys() & theirs.keys()
        misfits = {
            'missing': ours.keys() - theirs.keys(),
            'left over': theirs.keys() - ours.keys(),
            'of another shape': {k for k in shared if ours[k] != theirs[k]},
        }
        wrong = '; '.join(
            f'{kind}: {_some(keys)}' for kind, keys in misfits.items() if keys
        )
        if wrong:
            raise RuntimeError(
                'the checkpoint does not fit the model of this '
                f'config; parameters {wrong}'
            )


def _some(names: Set[str], most: int = 5) -> str:
    """The first names, and how many there are besides."""
    text = ', '.join(sorted(names)[:most])
    more = len(names) - most
    return f'{text} and {more} more' if more > 0 else text
