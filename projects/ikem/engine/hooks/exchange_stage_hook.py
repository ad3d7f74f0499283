from mmaction.registry import HOOKS
from mmengine.hooks import Hook
from mmengine.runner import Runner

from projects.ikem.engine.unwrap import unwrap


@HOOKS.register_module()
class ExchangeStageHook(Hook):
    """Begin the exchange between modalities after some epochs.

    The stage follows from the number of the epoch alone, so that it is right
    after a resume on either side of the switch.

    Args:
        begin (int): Epochs of the first stage. Defaults to 150.
    """

    def __init__(self, begin: int = 150) -> None:
        self.begin = begin

    def before_train_epoch(self, runner: Runner) -> None:
        """Set the stage of the epoch.

        Args:
            runner (Runner): The runner of the training process.
        """
        model = unwrap(runner.model)
        model.exchanging = runner.epoch >= self.begin
        if runner.epoch == self.begin:
            runner.logger.info(
                f'epoch {runner.epoch + 1}: the modalities exchange knowledge'
            )
            # or the log would go on showing what is no longer computed
            scalars = runner.message_hub.log_scalars
            for name in [n for n in scalars if n.startswith('train/loss')]:
                del scalars[name]
