from typing import Dict, List, Optional, Union

import torch
from mmaction.models.backbones.stgcn import STGCN, STGCNBlock
from mmaction.registry import MODELS
from mmengine.model import BaseModule

from projects.ikem.skeletons import get_layout


@MODELS.register_module()
class SlimSTGCN(STGCN):
    """The ST-GCN encoder of the CrosSCLR family.

    Ten blocks of 16, 16, 16, 16, 32, 32, 32, 64, 64 and 256 channels, the
    first without residual and dropout, with temporal stride 2 in the fifth
    and the eighth; 821,380 parameters.

    Takes (N, M, T, V, C) and returns (N, M, out_channels, T // 4, V).

    Args:
        layout (str | dict): Skeleton layout. Defaults to ``'ntu-25'``.
        in_channels (int): Coordinates of a joint. Defaults to 3.
        base_channels (int): Channels of the first block. Defaults to 16.
        out_channels (int): Channels of the last block. Defaults to 256.
        dropout (float): Dropout after each temporal convolution but the
            first. Defaults to 0.5.
        init_cfg (dict or list[dict], optional): Initialization, by default
            that of the family: convolutions N(0, 0.02), norms N(1, 0.02).
    """

    def __init__(
        self,
        layout: Union[str, dict] = 'ntu-25',
        in_channels: int = 3,
        base_channels: int = 16,
        out_channels: int = 256,
        dropout: float = 0.5,
        init_cfg: Optional[Union[Dict, List[Dict]]] = [
            dict(type='Normal', layer='Conv2d', std=0.02),
            dict(
                type='Normal',
                layer=['BatchNorm1d', 'BatchNorm2d'],
                mean=1,
                std=0.02,
            ),
        ],
    ) -> None:
        super().__init__(
            graph_cfg=dict(
                layout=get_layout(layout).graph, mode='stgcn_spatial'
            ),
            in_channels=in_channels,
            base_channels=base_channels,
            tcn_dropout=dropout,
            init_cfg=init_cfg,
        )
        self.gcn[-1] = STGCNBlock(
            self.gcn[-1].gcn.in_channels,
            out_channels,
            torch.tensor(self.graph.A, dtype=torch.float32),
            tcn_dropout=dropout,
        )
        self.out_channels = out_channels
        # or the blocks' own initialization would overwrite ours
        for module in self.gcn.modules():
            if isinstance(module, BaseModule):
                module.init_cfg = None
