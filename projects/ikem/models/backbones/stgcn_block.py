"""The toolbox's ST-GCN block, with the same parameters and numbers, faster."""

from typing import Optional, Tuple

import torch
import torch.nn.functional as F
from mmaction.models.utils import unit_gcn, unit_tcn
from mmengine.model import BaseModule
from torch import Tensor, nn


def scale_and_shift(bn: nn.Module) -> Tuple[Tensor, Tensor]:
    """What a norm layer in eval mode does to each channel."""
    scale = bn.weight * torch.rsqrt(bn.running_var + bn.eps)
    return scale, bn.bias - bn.running_mean * scale


def aggregate(x: Tensor, A: Tensor) -> Tensor:
    """Sums ``y_nwc = sum_v A_wv x_nvc`` of x (N, V, C) by A (W, V)."""
    if x.size(2) < 8:  # for which products of matrices are slow on a CPU
        return F.conv1d(x, A[:, :, None])
    return torch.bmm(A.to(x.dtype).expand(x.size(0), -1, -1), x)


class GraphConv(unit_gcn):
    """Graph convolution as two products of matrices, channels last.

    ``y_w = sum_k W_k sum_v A[k, v, w] x_v + b_k``: first the joints are
    aggregated for each subset k, then one linear layer maps the channels of
    all subsets; between them nothing is permuted. In eval mode the norm layer
    is part of W and b.
    """

    def forward(self, x: Tensor, joints: Optional[Tensor] = None) -> Tensor:
        """Convolve joints (N, C, T, V), those that are given of the graph."""
        N, C, T, V = x.shape
        A = self.A * self.PA  # (K, V, W), k subsets, from joint v to joint w
        if joints is not None:
            A = A[:, joints][:, :, joints]
        K = len(A)
        x = x.permute(0, 2, 3, 1).reshape(N * T, V, C)
        x = aggregate(x, A.permute(2, 0, 1).reshape(V * K, V))
        weight = self.conv.weight.view(K, -1, C).permute(1, 0, 2)
        weight = weight.reshape(-1, K * C)
        bias = torch.einsum('ko,kw->wo', self.conv.bias.view(K, -1), A.sum(1))
        if not self.bn.training:
            scale, shift = scale_and_shift(self.bn)
            weight, bias = weight * scale[:, None], bias * scale + shift
        x = F.linear(x.view(N, T, V, K * C), weight)
        x = x.add_(bias).permute(0, 3, 1, 2)
        return F.relu_(self.bn(x) if self.bn.training else x)


class TemporalConv(unit_tcn):
    """Temporal convolution, in eval mode with the norm layer in its weight."""

    def forward(self, x: Tensor) -> Tensor:
        """Convolve joints (N, C, T, V) over time."""
        conv = self.conv
        if self.bn.training:
            return self.drop(self.bn(conv(x)))
        scale, shift = scale_and_shift(self.bn)
        weight = conv.weight * scale[:, None, None, None]
        bias = conv.bias * scale + shift
        return self.drop(conv._conv_forward(x, weight, bias))


class _Mask(torch.autograd.Function):
    """``scale * keep * x`` in place of x; only ``keep`` is saved."""

    @staticmethod
    def forward(ctx, x, keep, scale):
        ctx.save_for_backward(keep)
        ctx.scale = scale
        ctx.mark_dirty(x)
        return x.mul_(keep).mul_(ctx.scale)

    @staticmethod
    def backward(ctx, grad):
        (keep,) = ctx.saved_tensors
        return (grad * keep).mul_(ctx.scale), None, None


class Dropout(nn.Dropout):
    """Dropout, on a CPU from one random byte an element.

    Numbers for each element are a quarter of a step on a CPU. Probabilities
    that are no multiple of 1/256 and other devices are served by torch.
    """

    def forward(self, x: Tensor) -> Tensor:
        """Drop elements of a tensor, which may be overwritten."""
        threshold = 256 * self.p
        if not self.training or self.p == 0:
            return x
        if (
            x.device.type != 'cpu'
            or threshold % 1
            or torch.compiler.is_compiling()  # fuses its own
        ):
            return super().forward(x)
        words = torch.empty(-(-x.numel() // 8), dtype=torch.int64)
        words.random_(-(2**63), None)  # all 64 bits
        random = words.view(torch.uint8)[: x.numel()]
        # any order will do: neither are copies made of tensors channels last
        keep = random.as_strided(x.size(), x.stride()) >= threshold
        return _Mask.apply(x, keep, 1 / (1 - self.p))


class FastSTGCNBlock(BaseModule):
    """The toolbox's :class:`STGCNBlock` for tensors that are channels last.

    Args:
        in_channels (int): Channels of the input.
        out_channels (int): Channels of the output.
        A (Tensor): Adjacency of shape (K, V, V).
        stride (int): Temporal stride. Defaults to 1.
        residual (bool): Whether there is a residual. Defaults to True.
        dropout (float): Dropout after the temporal convolution. Defaults to
            0.
    """

    def __init__(
        self,
        in_channels: int,
        out_channels: int,
        A: Tensor,
        stride: int = 1,
        residual: bool = True,
        dropout: float = 0,
    ) -> None:
        super().__init__()
        self.gcn = GraphConv(in_channels, out_channels, A)
        self.tcn = TemporalConv(out_channels, out_channels, 9, stride)
        self.tcn.drop = Dropout(dropout)
        self.stride = stride
        if not residual:
            self.residual = None
        elif in_channels == out_channels and stride == 1:
            self.residual = nn.Identity()
        else:
            # its stride is in forward: channels last, the backward pass of a
            # narrow pointwise convolution with a stride writes beyond its
            # memory on a CPU (uxlfoundation/oneDNN#6035)
            self.residual = TemporalConv(in_channels, out_channels, 1)

    def forward(self, x: Tensor, joints: Optional[Tensor] = None) -> Tensor:
        """Map joints (N, C, T, V), those that are given of the graph."""
        y = self.tcn(self.gcn(x, joints))
        if self.residual is not None:
            y = y.add_(self.residual(x[:, :, :: self.stride]))
        return F.relu_(y)
