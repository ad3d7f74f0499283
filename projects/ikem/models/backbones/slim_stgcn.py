from typing import Dict, List, Optional, Sequence, Union

import torch
from mmaction.models.backbones.stgcn import STGCNBlock
from mmaction.models.utils import Graph
from mmaction.registry import MODELS
from mmengine.model import BaseModule, ModuleList
from torch import Tensor, nn
from torch.nn.modules.batchnorm import _BatchNorm

from projects.ikem.skeletons import get_layout

from ..stacking import unstacked
from .stgcn import Block, Plan, encode


@MODELS.register_module()
class SlimSTGCN(BaseModule):
    """The ST-GCN encoder of the CrosSCLR family.

    Ten blocks of 16, 16, 16, 16, 32, 32, 32, 64, 64 and 256 channels, the
    first without residual and dropout, with temporal stride 2 in the fifth
    and the eighth; 821,380 parameters. They have the names that they have in
    the toolbox's STGCN.

    Args:
        layout (str | dict): Skeleton layout. Defaults to ``'ntu-25'``.
        in_channels (int): Coordinates of a joint. Defaults to 3.
        base_channels (int): Channels of the first block. Defaults to 16.
        out_channels (int): Channels of the last block. Defaults to 256.
        dropout (float): Dropout after each temporal convolution except the
            first. Defaults to 0.5.
        order (str): Order of arithmetic of the graph convolutions:
            ``'dense'``, ``'aggregate'`` (the fewest operations), or
            ``'auto'``, the faster one on the device. Defaults to ``'auto'``.
        renormalize (bool): Whether, of some of the joints, the adjacency is
            normalised anew; else a joint that lost its neighbours receives
            less. Defaults to False.
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
        order: str = 'auto',
        renormalize: bool = False,
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
        super().__init__(init_cfg)
        layout = get_layout(layout)
        self.layout = layout.name
        self.graph = Graph(layout=layout.graph, mode='stgcn_spatial')
        A = torch.tensor(self.graph.A, dtype=torch.float32)
        self.data_bn = nn.BatchNorm1d(A.size(1) * in_channels)
        b = base_channels
        widths = [b, b, b, b, 2 * b, 2 * b, 2 * b, 4 * b, 4 * b, out_channels]
        inputs = [in_channels, *widths]
        self.gcn = ModuleList(
            STGCNBlock(
                inputs[i],
                widths[i],
                A,
                stride=2 if i in (4, 7) else 1,
                residual=i > 0,
                tcn_dropout=dropout if i > 0 else 0,
            )
            for i in range(len(widths))
        )
        self.out_channels = out_channels
        self.order = order
        self.renormalize = renormalize
        for block in self.gcn:  # functions, which cannot be pickled
            if not isinstance(block.residual, nn.Module):
                block.residual = None
        # or the blocks' own initialization would overwrite ours
        for module in self.gcn.modules():
            if isinstance(module, BaseModule):
                module.init_cfg = None

    @property
    def plan(self) -> Plan:
        """Plan: All but the tensors that the forward pass depends on."""
        norms = {'data_bn': self.data_bn}
        for i, block in enumerate(self.gcn):
            norms[f'gcn.{i}.gcn.bn'] = block.gcn.bn
            norms[f'gcn.{i}.tcn.bn'] = block.tcn.bn
            if isinstance(block.residual, nn.Module):
                norms[f'gcn.{i}.residual.bn'] = block.residual.bn
        other = [n for n, m in norms.items() if not isinstance(m, _BatchNorm)]
        if other:
            raise ValueError(
                f'the norms of a SlimSTGCN are batch norms, {other} is not: '
                "use the toolbox's STGCN for others"
            )
        kinds = {(m.eps, m.momentum, type(m)) for m in norms.values()}
        sizes = {(eps, momentum) for eps, momentum, _ in kinds}
        if len(sizes) != 1:
            raise ValueError(
                'the norms of a SlimSTGCN have one eps and one momentum, got '
                f'{sorted(sizes, key=str)}'
            )
        ((eps, momentum),) = sizes
        return Plan(
            blocks=tuple(
                Block(
                    block.tcn.stride,
                    'conv'
                    if isinstance(block.residual, nn.Module)
                    else 'identity'
                    if i > 0
                    else 'none',
                    block.tcn.drop.p if block.tcn.drop.training else 0.0,
                )
                for i, block in enumerate(self.gcn)
            ),
            frozen=frozenset(n for n, m in norms.items() if not m.training),
            eps=eps,
            momentum=momentum,
            sync=any('SyncB' in kind.__name__ for *_, kind in kinds),
            order=self.order,
            renormalize=self.renormalize,
        )

    def forward(
        self, x: Tensor, joints: Optional[Sequence[int]] = None
    ) -> Tensor:
        """Encode clips.

        Args:
            x (Tensor): Joints of shape (N, M, T, V, C).
            joints (sequence[int], optional): The V' joints that stay in the
                graph; the others count for the input norm alone. Defaults to
                all.

        Returns:
            Tensor: Of shape (N, M, out_channels, ceil(T / 4), V').

        Raises:
            ValueError: If the joints are not those of the layout.
        """
        x = self.check(x)[:, :, :, None]  # (N, M, T, 1, V, C)
        maps = encode(x, unstacked(self), self.plan, joints)
        return maps.movedim(-1, 2)

    def check(self, x: Tensor) -> Tensor:
        """Refuse clips of another skeleton.

        Raises:
            ValueError: If the joints are not those of the layout.
        """
        V, C = x.shape[-2:]
        if V * C != self.data_bn.num_features:
            raise ValueError(
                f'clips of {V} joints with {C} coordinates, the backbone has '
                f'the layout {self.layout!r}: set layout of the data '
                'preprocessor, and in_channels of the backbone'
            )
        return x
