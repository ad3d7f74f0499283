from typing import Dict, List, Optional, Union

import torch
import torch.nn.functional as F
from mmaction.registry import MODELS
from mmengine.model import BaseModule
from torch import Tensor, nn

from ..stacking import has_hooks


@MODELS.register_module()
class MLPProjector(BaseModule):
    """Projector g of contrastive learning: Linear - ReLU - Linear.

    Takes features of shape (N, in_channels), returns (N, out_channels).

    Args:
        in_channels (int): Channels of the feature. Defaults to 256.
        hid_channels (int): Hidden channels. Defaults to 256.
        out_channels (int): Channels of the embedding. Defaults to 128.
        init_cfg (dict or list[dict], optional): Initialization, by default
            weights N(0, 0.02) and biases 0.
    """

    def __init__(
        self,
        in_channels: int = 256,
        hid_channels: int = 256,
        out_channels: int = 128,
        init_cfg: Optional[Union[Dict, List[Dict]]] = dict(
            type='Normal', layer='Linear', std=0.02
        ),
    ) -> None:
        super().__init__(init_cfg=init_cfg)
        self.mlp = nn.Sequential(
            nn.Linear(in_channels, hid_channels),
            nn.ReLU(),
            nn.Linear(hid_channels, out_channels),
        )

    def forward(self, f: Tensor) -> Tensor:
        """Project features."""
        return self.mlp(f)


def is_plain(neck: nn.Module) -> bool:
    """Whether a neck is an :class:`MLPProjector` without changes, as
    :func:`mlp` takes it."""
    return (
        type(neck) is MLPProjector
        and [type(x) for x in neck.mlp] == [nn.Linear, nn.ReLU, nn.Linear]
        and all(x.bias is not None for x in (neck.mlp[0], neck.mlp[2]))
        and not any(has_hooks(x) for x in neck.modules())
    )


def mlp(f: Tensor, p: Dict[str, Tensor]) -> Tensor:
    """Several projectors as one.

    Args:
        f (Tensor): Features of shape (U, N, in_channels).
        p (dict[str, Tensor]): Tensors of U :class:`MLPProjector` by name,
            each stacked, (U, ...).

    Returns:
        Tensor: Of shape (U, N, out_channels).
    """
    for i in (0, 2):
        if i:
            f = F.relu(f)
        weight, bias = p[f'mlp.{i}.weight'], p[f'mlp.{i}.bias']
        f = torch.baddbmm(bias[:, None], f, weight.transpose(1, 2))
    return f
