import os.path as osp
import re
from logging import Logger
from pathlib import Path
from typing import Dict, Optional

from mmaction.registry import HOOKS
from mmengine.dist import (
    broadcast_object_list,
    get_world_size,
    is_main_process,
)
from mmengine.hooks import CheckpointHook, Hook
from mmengine.runner import BaseLoop, EpochBasedTrainLoop, Runner

from projects.ikem.checkpoint import load_from_local


@HOOKS.register_module()
class ResumeHook(Hook):
    """Go on with a training that broke off as if it had not.

    Resumes from the newest checkpoint that is whole, and validates the epoch
    that it ended, since the training may have broken off before that was
    done.
    """

    priority = 'LOWEST'  # after CheckpointHook, which may save the best

    def before_run(self, runner: Runner) -> None:
        """Choose the checkpoint, where the newest one is asked for.

        Args:
            runner (Runner): The runner of the training process.

        Raises:
            ValueError: If there are checkpoints and none is whole.
        """
        if not runner._resume or runner._load_from is not None:
            return
        for hook in runner.hooks:
            if isinstance(hook, CheckpointHook):
                found = [None]
                if is_main_process():
                    found = [newest_whole(*_files(hook, runner))]
                broadcast_object_list(found)
                runner._load_from = found[0]

    def before_save_checkpoint(self, runner: Runner, checkpoint: Dict) -> None:
        """Note how many clips make a batch, see :meth:`after_load_checkpoint`.

        Args:
            runner (Runner): The runner of the training process.
            checkpoint (dict): The checkpoint.
        """
        checkpoint['meta']['batch'] = _batch(runner)

    def after_load_checkpoint(self, runner: Runner, checkpoint: Dict) -> None:
        """Warn of a training that cannot go on as it was.

        Args:
            runner (Runner): The runner of the training process.
            checkpoint (dict): The checkpoint.
        """
        if not runner._resume or not isinstance(runner.train_loop, BaseLoop):
            return
        before = checkpoint['meta'].get('batch')
        if before not in (None, _batch(runner)):
            runner.logger.warning(
                f'the training had {before}, now it has {_batch(runner)}: it '
                'goes on, but not as it would have'
            )

    def before_train(self, runner: Runner) -> None:
        """Validate if the epoch before is one that is validated.

        Args:
            runner (Runner): The runner of the training process.
        """
        loop = runner.train_loop
        if (
            not runner._resume
            or runner.val_loop is None
            or not isinstance(loop, EpochBasedTrainLoop)
        ):
            return
        loop._decide_current_val_interval()
        last = loop.epoch == loop.max_epochs
        if loop.epoch >= max(loop.val_begin, 1) and (
            last or loop.epoch % loop.val_interval == 0
        ):
            runner.val_loop.run()


def newest_whole(folder: Path, template: str, logger: Logger) -> Optional[str]:
    """The newest checkpoint that can be read.

    Args:
        folder (Path): Folder of the checkpoints.
        template (str): Their name, such as ``'epoch_{}.pth'``.
        logger (Logger): Is told of those that are left aside.

    Returns:
        str | None: Its path, or None if there is no checkpoint.

    Raises:
        ValueError: If there are checkpoints and none can be read.
    """
    pattern = re.compile(re.escape(template).replace(r'\{\}', r'(\d+)'))
    names = [
        match for p in folder.glob('*') if (match := pattern.fullmatch(p.name))
    ]
    damage = None
    for match in sorted(names, key=lambda m: int(m[1]), reverse=True):
        path = str(folder / match[0])
        try:
            load_from_local(path, map_location='cpu')
        except ValueError as error:
            logger.warning(f'{error}; trying the checkpoint before it')
            damage = error
        else:
            return path
    if damage is not None:
        raise ValueError(
            f'no checkpoint in {folder} can be read, the oldest because '
            f'{damage}: remove them to begin anew'
        )
    return None


def _batch(runner: Runner) -> str:
    return f'{get_world_size()} x {runner.train_dataloader.batch_size} clips'


def _files(hook: CheckpointHook, runner: Runner):
    folder = Path(runner.work_dir)
    if hook.out_dir is not None:  # as CheckpointHook itself completes it
        folder = Path(hook.out_dir, osp.basename(folder))
    return folder, hook.filename_tmpl, runner.logger
