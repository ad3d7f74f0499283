import random
from typing import Dict, Optional

import numpy as np
import torch
from mmaction.registry import HOOKS
from mmengine.dist import get_rank
from mmengine.hooks import Hook
from mmengine.runner import Runner


@HOOKS.register_module()
class ReseedHook(Hook):
    """Make the random numbers of each iteration its own.

    What is drawn in an iteration, such as the masks of dropout, then depends
    on (seed, iteration, rank) alone, on CPUs and GPUs. A resumed training
    draws what it would have drawn without the interruption, whatever
    validation, workers and initialization drew in between; a random state
    stored in the checkpoint would not outlast them.
    """

    def before_train_epoch(
        self,
        runner: Runner,
        batch_idx: int = 0,
        data_batch: Optional[Dict] = None,
    ) -> None:
        """Seed the iteration; before an epoch what prepares its first batch.

        Args:
            runner (Runner): The runner of the training process.
            batch_idx (int): Index of the batch in the epoch.
            data_batch (dict, optional): The batch.
        """
        key = (runner.seed, runner.iter, get_rank())
        seed = np.random.SeedSequence(key).generate_state(1).item()
        random.seed(seed)
        np.random.seed(seed)
        torch.manual_seed(seed)  # of all devices

    before_train_iter = before_train_epoch
