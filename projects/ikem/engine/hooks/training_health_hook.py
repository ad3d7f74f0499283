from typing import Dict, List, Optional

import torch
from mmaction.registry import HOOKS
from mmengine.dist import get_rank
from mmengine.hooks import Hook
from mmengine.runner import Runner
from torch import Tensor

from projects.ikem.engine.unwrap import unwrap

from .gathered_info_hook import is_due

_REMEDY = 'lower the learning rate or set optim_wrapper.clip_grad.max_norm=1'


@HOOKS.register_module()
class TrainingHealthHook(Hook):
    """Notice when a training goes wrong.

    A loss that is not finite ends it, and weights that are not are never
    saved, so that the last checkpoint is a good one. Of embeddings that
    collapse, by the deviations that pre-trainings log
    (:func:`embedding_statistics`), it warns once a modality; and of batches
    more than half of whose hyperbolic distances have no gradient, while those
    are in the loss (:class:`HYSP`).

    Args:
        min_std (float): Deviation below which embeddings have collapsed; 1 is
            that of directions spread evenly, 0 that of one point. Defaults to
            0.02.
    """

    def __init__(self, min_std: float = 0.02) -> None:
        self.min_std = min_std
        self.collapsed, self.capped = set(), set()
        self.recent = []  # losses of iterations, where they were, their clips

    def after_train_iter(
        self,
        runner: Runner,
        batch_idx: int,
        data_batch: Optional[Dict] = None,
        outputs: Optional[Dict[str, Tensor]] = None,
    ) -> None:
        """Look at the losses, those of a GPU when the log has a line.

        Args:
            runner (Runner): The runner of the training process.
            batch_idx (int): Index of the batch in the epoch.
            data_batch (dict, optional): The batch.
            outputs (dict[str, Tensor], optional): What is logged by name.

        Raises:
            FloatingPointError: If a loss is not finite.
        """
        losses = {
            name: value.detach()
            for name, value in (outputs or {}).items()
            if 'loss' in name and isinstance(value, Tensor)
        }
        if losses:
            where = (
                f'in epoch {runner.epoch + 1}, iteration {runner.iter + 1}, '
                f'rank {get_rank()}'
            )
            self.recent.append((losses, where, _clips(data_batch or {})))
        if is_due(self, runner, batch_idx):
            self.look(runner)

    def look(self, runner: Runner) -> None:
        """Look at the losses of recent iterations, in one transfer.

        Raises:
            FloatingPointError: If one is not finite; names the first.
        """
        recent, self.recent = self.recent, []
        totals = [
            losses['loss'] if 'loss' in losses else sum(losses.values())
            for losses, *_ in recent
        ]
        finite = torch.stack(totals).isfinite().tolist() if totals else []
        if all(finite):
            return
        losses, where, clips = recent[finite.index(False)]
        wrong = {n: x.item() for n, x in losses.items() if not x.isfinite()}
        single = {n: v for n, v in wrong.items() if n != 'loss'} or wrong
        named = ', '.join(f'{name} is {v}' for name, v in single.items())
        saved = runner.message_hub.runtime_info.get('last_ckpt')
        saved = saved or 'none, since none was due yet'
        raise FloatingPointError(
            f'{named} {where}: look at the clips of the batch, {_REMEDY}; the '
            f'last good checkpoint is {saved}. The clips are '
            f'{", ".join(clips)}'
        )

    def before_save_checkpoint(self, runner: Runner, checkpoint: Dict) -> None:
        """Look at what is about to be saved.

        Args:
            runner (Runner): The runner of the training process.
            checkpoint (dict): The checkpoint.

        Raises:
            FloatingPointError: If a recent loss, a parameter or a buffer is
                not finite.
        """
        self.look(runner)
        wrong = [
            name
            for name, value in checkpoint['state_dict'].items()
            if isinstance(value, Tensor) and not value.isfinite().all()
        ]
        if wrong:
            raise FloatingPointError(
                f'{wrong[0]} and {len(wrong) - 1} more parameters and buffers '
                f'are not finite after iteration {runner.iter}, they are not '
                f'saved: {_REMEDY}'
            )

    def after_train_epoch(self, runner: Runner) -> None:
        """Look at the losses that wait, and the deviations of the epoch.

        Args:
            runner (Runner): The runner of the training process.

        Raises:
            FloatingPointError: If a loss is not finite.
        """
        self.look(runner)
        self.look_at_caps(runner)
        for name, history in runner.message_hub.log_scalars.items():
            _, is_std, u = name.partition('train/std_')
            if not is_std or u in self.collapsed:
                continue
            std = history.mean(len(runner.train_dataloader))
            if std < self.min_std:
                self.collapsed.add(u)
                has_keys = getattr(unwrap(runner.model), 'key', None)
                momentum = ', or raise the momentum of the key encoders'
                runner.logger.warning(
                    f'the embeddings of {u} have collapsed: their standard '
                    f'deviation is {std:.1e} where 1 is spread evenly. Lower '
                    f'the learning rate{momentum if has_keys else ""}'
                )

    def look_at_caps(self, runner: Runner) -> None:
        """Warn of distances at their cap, see :func:`distance`."""
        scalars = runner.message_hub.log_scalars
        if not ('train/pace' in scalars and scalars['train/pace'].current()):
            return
        num = len(runner.train_dataloader)
        for name, history in scalars.items():
            _, is_share, u = name.partition('train/capped_')
            if not is_share or u in self.capped or history.max(num) <= 0.5:
                continue
            self.capped.add(u)
            runner.logger.warning(
                f'of {u} up to {history.max(num):.0%} of a batch are at the '
                'cap of the hyperbolic distance, where its gradient is 0: '
                'only the cosine distance moves them, as long as it is in the '
                "loss. Raise pace_begin and pace_end, or set form='arcosh'"
            )


def _clips(data_batch: Dict) -> List[str]:
    samples = data_batch.get('data_samples', [])
    if isinstance(samples, dict):  # of stack_collate
        names = samples.get('frame_dir', [])
    else:
        names = [sample.get('frame_dir') for sample in samples]
    if not names or None in names:
        return ["not named: add 'frame_dir' to meta_keys of PackSkeleton"]
    return names
