from mmaction.registry import HOOKS
from mmengine.dist import all_reduce, is_distributed
from mmengine.hooks import Hook
from mmengine.runner import Runner
from torch.nn.modules.batchnorm import _NormBase


@HOOKS.register_module()
class SyncNormStatsHook(Hook):
    """Average the running statistics of the norm layers over the ranks.

    Takes the place of mmengine's ``SyncBuffersHook``, which averages every
    buffer, memory banks and their integer pointers included.
    """

    priority = 'NORMAL'

    def after_train_epoch(self, runner: Runner) -> None:
        """Average the statistics at the end of each epoch.

        Args:
            runner (Runner): The runner of the training process.
        """
        if not is_distributed():
            return
        for module in runner.model.modules():
            if not isinstance(module, _NormBase) or not module.training:
                continue  # of a frozen encoder: a mean would round
            if module.track_running_stats:
                all_reduce(module.running_mean, op='mean')
                all_reduce(module.running_var, op='mean')
