from mmaction.registry import HOOKS
from mmengine.hooks import Hook
from mmengine.runner import Runner

from projects.ikem.engine.unwrap import unwrap


@HOOKS.register_module()
class ExchangeStageHook(Hook):
    """Set where the exchanges begin, as configs of older versions say it.

    Args:
        begin (int): The epoch from which the modalities exchange knowledge;
            ``model.exchange_begin`` says it now.

    Raises:
        ValueError: If the model is no pre-training with exchanges.
    """

    def __init__(self, begin: int) -> None:
        self.begin = int(begin)

    def before_run(self, runner: Runner) -> None:
        """Set the field of the model.

        Args:
            runner (Runner): The runner of the training process.
        """
        model = unwrap(runner.model)
        if not hasattr(model, 'exchange_begin'):
            raise ValueError(
                f'ExchangeStageHook: a {type(model).__name__} exchanges '
                'nothing; take the hook out of custom_hooks'
            )
        model.exchange_begin = self.begin
        runner.logger.warning(
            'ExchangeStageHook is of an older version: set '
            f'model.exchange_begin={self.begin} instead'
        )
