from contextlib import contextmanager
from typing import Iterator

import torch
from mmaction.registry import OPTIM_WRAPPERS
from mmengine.device import get_device
from mmengine.optim import OptimWrapper
from torch import nn


@OPTIM_WRAPPERS.register_module()
class BFloat16OptimWrapper(OptimWrapper):
    """Mixed precision in bfloat16, on a CPU too.

    mmengine's ``AmpOptimWrapper`` asks for an accelerator. bfloat16 has the
    range of float32, so that no loss scaling is needed. Embeddings are
    normalised, and similarities and losses computed, in float32.
    """

    @contextmanager
    def optim_context(self, model: nn.Module) -> Iterator[None]:
        """Run the forward pass under autocast.

        Args:
            model (nn.Module): The model.
        """
        with (
            super().optim_context(model),
            torch.autocast(get_device(), dtype=torch.bfloat16),
        ):
            yield
