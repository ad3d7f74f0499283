"""The toolbox's ST-GCN block, with the same parameters and numbers, faster."""

import torch
import torch.nn.functional as F
from mmaction.models.backbones.stgcn import STGCNBlock
from mmaction.models.utils import unit_gcn
from torch import Tensor, nn


class GraphConv(unit_gcn):
    """Graph convolution as two products of matrices, channels last.

    ``y_w = sum_k W_k sum_v A[k, v, w] x_v + b_k``: first the joints are
    aggregated for each subset k, then one linear layer maps the channels of
    all subsets; between them nothing is permuted.
    """

    def forward(self, x: Tensor) -> Tensor:
        """Convolve joints (N, C, T, V)."""
        N, C, T, V = x.shape
        A = self.A * self.PA  # (K, V, W), k subsets, from joint v to joint w
        K = len(A)
        x = x.permute(0, 2, 3, 1).reshape(N * T, V, C)
        aggregate = A.permute(2, 0, 1).reshape(1, V * K, V).to(x.dtype)
        x = torch.bmm(aggregate.expand(N * T, -1, -1), x)  # (N * T, W * K, C)
        weight = self.conv.weight.view(K, -1, C).permute(1, 0, 2)
        bias = torch.einsum('ko,kw->wo', self.conv.bias.view(K, -1), A.sum(1))
        x = F.linear(x.view(N, T, V, K * C), weight.reshape(-1, K * C))
        x = x.add_(bias).permute(0, 3, 1, 2)
        return F.relu_(self.bn(x))


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


class FastSTGCNBlock(STGCNBlock):
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
        super().__init__(in_channels, out_channels, A, stride, residual)
        self.gcn = GraphConv(in_channels, out_channels, A)
        self.tcn.drop = Dropout(dropout)
        if isinstance(self.residual, nn.Module):
            # frames are left out beforehand: channels last, the backward pass
            # of a narrow pointwise convolution with a stride writes beyond
            # its memory on a CPU (uxlfoundation/oneDNN#6035)
            self.residual.conv.stride = (1, 1)
        self.stride = stride

    def forward(self, x: Tensor) -> Tensor:
        """Map joints (N, C, T, V)."""
        residual = self.residual(x[:, :, :: self.stride])
        x = self.tcn(self.gcn(x))
        return F.relu_(x.add_(residual))
