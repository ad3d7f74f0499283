from typing import Dict, List, Optional, Union

import torch
from mmaction.registry import MODELS
from mmengine.dist import get_world_size
from mmengine.model import BaseModule
from torch import Tensor, nn

from ..ranks import total


class RanksBatchNorm1d(nn.BatchNorm1d):
    """Batch norm of (N, D) with the statistics of all ranks' batches.

    As torch's ``SyncBatchNorm``, which there is for GPUs alone.
    """

    def forward(self, x: Tensor) -> Tensor:
        """Normalise rows.

        Raises:
            ValueError: If there is one row, which has no variance.
        """
        if self.training and len(x) * get_world_size() < 2:
            raise ValueError(
                'projectors normalise over the clips of a batch, got one '
                'clip: set train_dataloader.drop_last=True, or another '
                'batch_size'
            )
        if not self.training or get_world_size() == 1:
            return super().forward(x)
        N = len(x) * get_world_size()
        mean = total(x.sum(0)) / N
        var = total((x - mean).square().sum(0)) / N
        with torch.no_grad():
            self.running_mean.lerp_(mean, self.momentum)
            self.running_var.lerp_(var * N / (N - 1), self.momentum)
            self.num_batches_tracked += 1
        x = (x - mean) * (var + self.eps).rsqrt()
        return x if self.weight is None else x * self.weight + self.bias


@MODELS.register_module()
class BatchNormMLP(BaseModule):
    """Projector or predictor of BYOL: Linear - BN - ReLU - Linear.

    Takes features of shape (N, in_channels), returns (N, out_channels). The
    norm takes the statistics of all ranks.

    Args:
        in_channels (int): Channels of the feature. Defaults to 256.
        hid_channels (int): Hidden channels. Defaults to 256.
        out_channels (int): Channels of the embedding. Defaults to 256.
        init_cfg (dict or list[dict], optional): Initialization. Defaults to
            None, torch's own.
    """

    def __init__(
        self,
        in_channels: int = 256,
        hid_channels: int = 256,
        out_channels: int = 256,
        init_cfg: Optional[Union[Dict, List[Dict]]] = None,
    ) -> None:
        super().__init__(init_cfg=init_cfg)
        self.mlp = nn.Sequential(
            nn.Linear(in_channels, hid_channels),
            RanksBatchNorm1d(hid_channels),
            nn.ReLU(),
            nn.Linear(hid_channels, out_channels),
        )

    def forward(self, f: Tensor) -> Tensor:
        """Project features."""
        return self.mlp(f)


@MODELS.register_module()
class BarlowTwinsProjector(BaseModule):
    """Projector of Barlow Twins: twice Linear - BN - ReLU, Linear, and a BN
    without weights, so that embeddings have mean 0 and variance 1.

    Takes features of shape (N, in_channels), returns (N, out_channels). The
    norms take the statistics of all ranks.

    Args:
        in_channels (int): Channels of the feature. Defaults to 256.
        hid_channels (int, optional): Hidden channels, by default as many as
            there are in the end.
        out_channels (int): Channels of the embedding. Defaults to 6144.
        init_cfg (dict or list[dict], optional): Initialization. Defaults to
            None, torch's own.
    """

    def __init__(
        self,
        in_channels: int = 256,
        hid_channels: Optional[int] = None,
        out_channels: int = 6144,
        init_cfg: Optional[Union[Dict, List[Dict]]] = None,
    ) -> None:
        super().__init__(init_cfg=init_cfg)
        hid_channels = hid_channels or out_channels
        self.mlp = nn.Sequential(
            nn.Linear(in_channels, hid_channels, bias=False),
            RanksBatchNorm1d(hid_channels),
            nn.ReLU(),
            nn.Linear(hid_channels, hid_channels, bias=False),
            RanksBatchNorm1d(hid_channels),
            nn.ReLU(),
            nn.Linear(hid_channels, out_channels, bias=False),
        )
        self.norm = RanksBatchNorm1d(out_channels, affine=False)

    def forward(self, f: Tensor) -> Tensor:
        """Project features."""
        return self.norm(self.mlp(f))
