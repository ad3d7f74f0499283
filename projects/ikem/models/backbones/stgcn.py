"""ST-GCN of several modalities in one pass, as a function of its tensors.

Activations are (B, T, V, U C): the B persons of all clips, frames, joints, and
the channels of U modalities side by side. To U encoders a norm is one over U C
channels, a temporal convolution one of U groups, and a graph convolution one
batched product of U matrices.
"""

from functools import cache
from typing import (
    Callable,
    Dict,
    FrozenSet,
    List,
    NamedTuple,
    Optional,
    Sequence,
    Tuple,
)

import torch
import torch.nn.functional as F
from mmengine.dist import get_world_size
from torch import Tensor
from torch.distributed import group
from torch.nn.modules._functions import SyncBatchNorm

Tensors = Dict[str, Tensor]
# Up to these products C O of channels one dense product per frame is faster
# than to aggregate the joints first: on a GPU, on a CPU, there of one encoder.
_DENSE, _DENSE_ON_CPU, _DENSE_OF_ONE = 64 * 64, 16 * 16, 8 * 8


class Block(NamedTuple):
    """A block beside its tensors.

    Attributes:
        stride (int): Temporal stride.
        residual (str): ``'none'``, ``'identity'`` or ``'conv'``.
        dropout (float): Dropout after the temporal convolution, 0 in eval
            mode.
    """

    stride: int
    residual: str
    dropout: float


class Plan(NamedTuple):
    """Encoders beside their tensors.

    Attributes:
        blocks (tuple[Block]): The blocks.
        frozen (frozenset[str]): Norms in eval mode, by name.
        eps (float): Epsilon of the norms.
        momentum (float | None): Weight of a batch in their moving averages;
            None for plain averages.
        sync (bool): Whether norms take the statistics of all ranks.
        order (str): Order of arithmetic of the graph convolutions, see
            :func:`graph_conv`.
        renormalize (bool): Whether the adjacency of some of the joints is
            normalised by their degrees among themselves.
    """

    blocks: Tuple[Block, ...]
    frozen: FrozenSet[str]
    eps: float
    momentum: Optional[float]
    sync: bool
    order: str
    renormalize: bool = False


class NormStats(NamedTuple):
    """Statistics of a batch in one norm, of U C channels.

    Attributes:
        name (str): Name of the norm.
        mean (Tensor): Mean of each channel.
        var (Tensor): Biased variance.
        count (int): Elements of a channel.
    """

    name: str
    mean: Tensor
    var: Tensor
    count: int


def encode(
    x: Tensor,
    p: Tensors,
    plan: Plan,
    joints: Optional[Sequence[int]] = None,
    function: Optional[Callable] = None,
) -> Tensor:
    """Feature maps of U encoders; their norms' statistics are updated.

    Args:
        x (Tensor): Clips of shape (N, M, T, U, V, C).
        p (dict[str, Tensor]): Parameters and buffers of the encoders by name,
            each stacked, (U, ...).
        plan (Plan): The encoders beside their tensors.
        joints (sequence[int], optional): Joints that stay in the graph.
            Defaults to all.
        function (callable, optional): :func:`stgcn`, compiled. Defaults to
            the function itself.

    Returns:
        Tensor: Maps of shape (N, M, T', V', U D).
    """
    if joints is not None:
        joints = torch.as_tensor(joints, device=x.device)
    y, stats = (function or stgcn)(x.flatten(0, 1), p, plan, joints)
    update_running_stats(p, stats, plan)
    return y.unflatten(0, x.shape[:2])


def stgcn(
    x: Tensor, p: Tensors, plan: Plan, joints: Optional[Tensor] = None
) -> Tuple[Tensor, List[NormStats]]:
    """Feature maps of U encoders.

    Args:
        x (Tensor): Clips of shape (B, T, U, V, C).
        p (dict[str, Tensor]): Parameters and buffers of the encoders by name,
            each stacked, (U, ...).
        plan (Plan): The encoders beside their tensors.
        joints (Tensor, optional): Indices of the joints that stay in the
            graph, after the input norm. Defaults to all.

    Returns:
        tuple[Tensor, list[NormStats]]: Maps of shape (B, T', V', U D), and
        the statistics of the norms in training.
    """
    B, T, U, V, C = x.shape
    stats = []

    def norm(x: Tensor, name: str) -> Tensor:  # (rows, U C)
        weight, bias, mean, var = (
            p[f'{name}.{key}'].flatten()
            for key in ('weight', 'bias', 'running_mean', 'running_var')
        )
        if name in plan.frozen:
            return fixed_norm(x, mean, var, weight, bias, plan.eps)
        if plan.sync and get_world_size() > 1:
            tracked = p[f'{name}.num_batches_tracked'].add_(1)
            return SyncBatchNorm.apply(
                *(x, weight, bias, mean, var, plan.eps),
                *(batch_weight(plan, tracked), group.WORLD, get_world_size()),
            )
        y, mean, var = batch_norm(x, weight, bias, plan.eps, B)
        stats.append(NormStats(name, mean, var, len(x)))
        return y

    x = norm(x.contiguous().view(B * T, U * V * C), 'data_bn')
    x = reorder(x.view(B, T, U, V, C), (0, 1, 3, 2, 4)).flatten(3)
    if joints is not None:
        x = x.index_select(2, joints)
    names = [f'gcn.{i}' for i in range(len(plan.blocks))]
    A, PA = (
        torch.stack([p[f'{name}.gcn.{key}'] for name in names])
        for key in ('A', 'PA')
    )
    if joints is not None:
        A, PA = (
            x.index_select(3, joints).index_select(4, joints) for x in (A, PA)
        )
        if plan.renormalize:  # columns sum to 1, as those of all joints do
            A = A / A.sum((2, 3), keepdim=True)
    A = A * PA
    A, degrees = A.unbind(), A.sum(3).unbind()
    masks = dropout_masks(x, p, plan)
    for i, (name, block) in enumerate(zip(names, plan.blocks)):
        y = graph_conv(
            x,
            A[i],
            degrees[i],
            p[f'{name}.gcn.conv.weight'],
            p[f'{name}.gcn.conv.bias'],
            plan.order,
        )
        shape = y.shape
        y = norm(y.flatten(0, 2), f'{name}.gcn.bn').relu_().view(shape)
        y = temporal_conv(y, p, f'{name}.tcn.conv', block.stride)
        shape = y.shape
        y = norm(y.flatten(0, 2), f'{name}.tcn.bn')
        y, scale = dropout(y, block.dropout, masks[i])
        if block.residual != 'none':
            # sliced before: the backward pass of a narrow pointwise
            # convolution with a stride writes beyond its memory on a CPU
            # (uxlfoundation/oneDNN#6035)
            x = x[:, :: block.stride]
            if block.residual == 'conv':
                x = temporal_conv(x, p, f'{name}.residual.conv', 1)
                x = norm(x.flatten(0, 2), f'{name}.residual.bn')
            y = torch.add(x.contiguous().view(y.shape), y, alpha=scale)
        elif scale != 1:
            y = y * scale
        x = y.relu_().view(shape)
    return x, stats


def graph_conv(
    x: Tensor,
    A: Tensor,
    degree: Tensor,
    weight: Tensor,
    bias: Tensor,
    order: str = 'auto',
) -> Tensor:
    """Graph convolution ``y_w = sum_k W_k sum_v A[k, v, w] x_v + b_k``.

    Its arithmetic has two orders. ``'dense'`` is one product per frame with
    the matrix ``sum_k A[k, v, w] W_k[o, c]`` of (V C, V O); ``'aggregate'``
    sums over joints first, with fewer operations on more memory.

    Args:
        x (Tensor): Joints of shape (B, T, V, U C).
        A (Tensor): Adjacencies of shape (U, K, V, V), from v to w.
        degree (Tensor): Their sums over v, of shape (U, K, V).
        weight (Tensor): Of shape (U, K O, C, 1, 1).
        bias (Tensor): Of shape (U, K O).
        order (str): ``'dense'``, ``'aggregate'``, or ``'auto'``, the faster
            one on the device. Defaults to ``'auto'``.

    Returns:
        Tensor: Of shape (B, T, V, U O).
    """
    B, T, V, _ = x.shape
    U, K = A.shape[:2]
    C, O = weight.size(2), weight.size(1) // K  # noqa: E741
    if order == 'auto':
        limit = _DENSE
        if x.device.type == 'cpu':
            limit = _DENSE_OF_ONE if U == 1 else _DENSE_ON_CPU
        order = 'dense' if C * O <= limit else 'aggregate'
    W = weight.view(U, K, O, C)
    b = degree.transpose(1, 2).bmm(bias.view(U, K, O))  # (U, W, O)
    x = x.view(B * T, V, U, C)
    if order == 'dense':
        x = reorder(x, (2, 0, 1, 3)).view(U, B * T, V * C)
        M = combine(A, W).view(U, V * C, V * O)
        if x.device.type == 'cpu':
            y = torch.baddbmm(b.view(U, 1, V * O), x, M)
            y = reorder(y.view(U, B * T, V, O), (1, 2, 0, 3))
        else:  # which would copy the bias to all rows first
            y = torch.bmm(x, M).view(U, B * T, V, O)
            y = reorder(y, (1, 2, 0, 3), b.transpose(0, 1))
    elif U == 1:  # in the order of x, without a copy
        # cast before it is expanded, or each frame has a copy
        A = A[0].permute(2, 0, 1).reshape(V * K, V).to(x.dtype)
        x = torch.bmm(A.expand(B * T, -1, -1), x.view(B * T, V, C))
        W = W[0].permute(1, 0, 2).reshape(O, K * C)
        y = F.linear(x.view(B * T, V, K * C), W).add_(b[0])
    else:
        x = reorder(x, (2, 1, 0, 3)).view(U, V, B * T * C)
        A = reorder(A, (0, 1, 3, 2)).view(U, K * V, V)
        x = torch.bmm(A, x).view(U, K, V * B * T, C)
        y = None
        for x_k, W_k in zip(x.unbind(1), W.transpose(2, 3).unbind(1)):
            y = torch.bmm(x_k, W_k) if y is None else y.baddbmm(x_k, W_k)
        y = reorder(y.view(U, V, B * T, O), (2, 1, 0, 3), b.transpose(0, 1))
    return y.view(B, T, V, U * O)


def combine(A: Tensor, W: Tensor) -> Tensor:
    """``sum_k A[k, v, w] W[k, o, c]``, of shape (U, V, C, V, O)."""
    U, K, V, _ = A.shape
    O, C = W.shape[2:]  # noqa: E741
    if torch.compiler.is_compiling():  # one kernel
        W = W.transpose(2, 3)[:, :, None, :, None]  # (U, K, 1, C, 1, O)
        return (A[:, :, :, None, :, None] * W).sum(1)
    # three subsets are no product for the units of low precision
    with torch.autocast(A.device.type, enabled=False):
        M = A.view(U, K, V * V).transpose(1, 2).bmm(W.view(U, K, O * C))
        return reorder(M.view(U, V, V, O, C), (0, 1, 4, 2, 3))


def reorder(
    x: Tensor, dims: Tuple[int, ...], bias: Optional[Tensor] = None
) -> Tensor:
    """A contiguous tensor with the dimensions in another order.

    Args:
        x (Tensor): The tensor.
        dims (tuple[int]): The order.
        bias (Tensor, optional): Added to the result, to which it broadcasts.
            Defaults to None.
    """
    if torch.compiler.is_compiling():
        y = x.permute(dims)
        return (y if bias is None else y + bias.to(y.dtype)).contiguous()
    return _Reorder.apply(x, dims, bias)


class _Reorder(torch.autograd.Function):
    """One copy in either direction."""

    @staticmethod
    def forward(ctx, x, dims, bias):
        ctx.dims, ctx.bias = dims, None
        y = x.permute(dims)
        if bias is not None:
            ctx.bias, ctx.dtype = bias.shape, bias.dtype
            out = y.new_empty(y.shape)
            return torch.add(y, bias.to(y.dtype), out=out)
        return y.contiguous() if not y.is_contiguous() else y.view(y.shape)

    @staticmethod
    def backward(ctx, grad):
        back = sorted(range(len(ctx.dims)), key=ctx.dims.__getitem__)
        grad_bias = None
        if ctx.bias is not None and ctx.needs_input_grad[2]:
            grad_bias = grad.sum_to_size(ctx.bias).to(ctx.dtype)
        return grad.permute(back).contiguous(), None, grad_bias


def temporal_conv(x: Tensor, p: Tensors, name: str, stride: int) -> Tensor:
    """Convolution (U, O, C, size, 1) over time of x (B, T, V, U C)."""
    weight, bias = p[f'{name}.weight'], p[f'{name}.bias']
    y = F.conv2d(
        x.permute(0, 3, 1, 2),
        weight.flatten(0, 1),
        bias.flatten(),
        stride=(stride, 1),
        padding=(weight.size(3) // 2, 0),
        groups=len(weight),
    )
    return y.permute(0, 2, 3, 1).contiguous()


def batch_norm(
    x: Tensor, weight: Tensor, bias: Tensor, eps: float, parts: int
) -> Tuple[Tensor, Tensor, Tensor]:
    """Batch norm of x (rows, C) with the statistics of the batch.

    Args:
        x (Tensor): Rows.
        weight (Tensor): Of shape (C, ).
        bias (Tensor): Of shape (C, ).
        eps (float): Epsilon.
        parts (int): A divisor of the rows, of the clips for instance; they are
            summed apart, see :class:`_ExactBatchNorm`.

    Returns:
        tuple[Tensor, Tensor, Tensor]: The result, the means and the biased
        variances, constants.
    """
    exact = x.device.type == 'cpu' and x.dtype == torch.float32
    if exact and not torch.compiler.is_compiling():
        return _ExactBatchNorm.apply(x, weight, bias, eps, parts)
    y, mean, inv_std = torch.native_batch_norm(
        x, weight, bias, None, None, True, 0, eps
    )
    return y, mean, inv_std.detach().pow(-2) - eps


def fixed_norm(
    x: Tensor,
    mean: Tensor,
    var: Tensor,
    weight: Optional[Tensor],
    bias: Optional[Tensor],
    eps: float,
) -> Tensor:
    """Norm of x (rows, C) by given statistics."""
    return torch.native_batch_norm(x, weight, bias, mean, var, False, 0, eps)[
        0
    ]


@cache
def _groups(rows: int, parts: int) -> int:
    """The largest number of groups of equal rows, up to 1,000, that is a
    multiple of the parts, or else the parts."""
    each = rows // parts
    divisors = [k for k in range(1, each + 1) if each % k == 0]
    return next((rows // k for k in divisors if rows // k <= 1000), parts)


class _ExactBatchNorm(torch.autograd.Function):
    """Batch norm in float32 on a CPU, as exact as torch's of (N, C, ...).

    Of channels last, torch sums one row after the other in float32, which is
    off by 1e-5 for 100,000 rows. Here rows of one place in their group are
    summed over the groups, then the places are.
    """

    @staticmethod
    def forward(ctx, x, weight, bias, eps, parts):
        C = x.size(1)
        groups = _groups(len(x), parts)
        means, variances = (
            s.view(-1, C)
            for s in torch.ops.aten.batch_norm_update_stats(
                x.view(groups, -1), None, None, 0
            )
        )
        var, mean = torch.var_mean(means, 0, correction=0)
        var.add_(variances.mean(0))
        ctx.save_for_backward(x, weight, mean, var)
        ctx.eps, ctx.groups = eps, groups
        ctx.mark_non_differentiable(mean, var)
        ctx.set_materialize_grads(False)
        return fixed_norm(x, mean, var, weight, bias, eps), mean, var

    @staticmethod
    def backward(ctx, grad, *_):
        if grad is None:
            return (None,) * 5
        x, weight, mean, var = ctx.saved_tensors
        rows, C = x.shape
        places = rows // ctx.groups
        _, *sums = torch.ops.aten.native_batch_norm_backward(
            grad.contiguous().view(ctx.groups, -1),
            x.view(ctx.groups, -1),
            None,
            mean.repeat(places),
            var.repeat(places),
            *(None, None, False, ctx.eps, [False, True, True]),
        )
        grad_weight, grad_bias = (y.view(-1, C).sum(0) for y in sums)
        if not ctx.needs_input_grad[0]:
            return None, grad_weight, grad_bias, None, None
        # (grad - mean(grad) - normal mean(grad normal)) weight / std
        slope = (var + ctx.eps).rsqrt_().mul_(grad_weight)
        offset = torch.addcmul(grad_bias, mean, slope, value=-1).div_(rows)
        grad_x = torch.addcmul(grad, x, slope, value=-1 / rows)
        grad_x = fixed_norm(grad_x, offset, var, weight, None, ctx.eps)
        return grad_x, grad_weight, grad_bias, None, None


def dropout_masks(x: Tensor, p: Tensors, plan: Plan) -> List[Optional[Tensor]]:
    """Elements that each block keeps, where it has dropout.

    On a CPU one random byte per element decides, since numbers for each are a
    quarter of a step there. Probabilities that are no multiple of 1/256 and
    other devices are served by torch, as is :func:`torch.compile`, which
    fuses its own.

    Args:
        x (Tensor): Input of the first block, of shape (B, T, V, U C).
        p (dict[str, Tensor]): Tensors of the encoders.
        plan (Plan): The encoders beside their tensors.

    Returns:
        list[Tensor | None]: Masks (rows, U O), None for torch's dropout.
    """
    B, T, V, _ = x.shape
    sizes, masks = [], [None] * len(plan.blocks)
    (share, *others) = {block.dropout for block in plan.blocks} - {0} or {0}
    if (
        not 0 < share < 1
        or others
        or x.device.type != 'cpu'
        or 256 * share % 1
        or torch.compiler.is_compiling()
    ):
        return masks
    for i, block in enumerate(plan.blocks):
        T = -(-T // block.stride)
        width = p[f'gcn.{i}.tcn.conv.bias'].numel()
        sizes.append(B * T * V * width if block.dropout else 0)
    words = torch.empty(-(-sum(sizes) // 8), dtype=torch.int64)
    words.random_(-(2**63), None)  # all 64 bits
    random = words.view(torch.uint8)[: sum(sizes)]
    kept = (random >= 256 * share).split(sizes)
    for i, block in enumerate(plan.blocks):
        if block.dropout:
            masks[i] = kept[i].view(-1, p[f'gcn.{i}.tcn.conv.bias'].numel())
    return masks


def dropout(
    x: Tensor, p: float, keep: Optional[Tensor] = None
) -> Tuple[Tensor, float]:
    """Dropout of a tensor, which may be overwritten.

    Args:
        x (Tensor): Of any shape.
        p (float): Share of the elements that is dropped.
        keep (Tensor, optional): The elements that are kept. Defaults to
            torch's random ones.

    Returns:
        tuple[Tensor, float]: The elements that are kept, and the factor that
        is still to be applied, with the next operation.
    """
    if keep is None:
        return F.dropout(x, p), 1.0
    return _Mask.apply(x, keep), 1 / (1 - p)


class _Mask(torch.autograd.Function):
    """``keep * x`` in place of x; only ``keep`` is saved."""

    @staticmethod
    def forward(ctx, x, keep):
        ctx.save_for_backward(keep)
        ctx.mark_dirty(x)
        return x.mul_(keep)

    @staticmethod
    def backward(ctx, grad):
        (keep,) = ctx.saved_tensors
        return grad * keep, None


@torch.no_grad()
def update_running_stats(
    p: Tensors, stats: List[NormStats], plan: Plan
) -> None:
    """Moving averages of the norms' statistics, as torch keeps them.

    Args:
        p (dict[str, Tensor]): Buffers by name, (U, ...), written in place.
        stats (list[NormStats]): Statistics of a batch.
        plan (Plan): The encoders beside their tensors.
    """
    if not stats:
        return
    running = {
        key: [p[f'{s.name}.{key}'] for s in stats]
        for key in ('running_mean', 'running_var', 'num_batches_tracked')
    }
    means = [s.mean.view_as(r) for s, r in zip(stats, running['running_mean'])]
    unbiased = [s.count / max(s.count - 1, 1) for s in stats]
    variances = torch._foreach_mul(
        [s.var.view_as(m) for s, m in zip(stats, means)], unbiased
    )
    tracked = running['num_batches_tracked']
    torch._foreach_add_(tracked, 1)
    weight = batch_weight(plan, tracked[0])
    torch._foreach_lerp_(running['running_mean'], means, weight)
    torch._foreach_lerp_(running['running_var'], variances, weight)


def batch_weight(plan: Plan, tracked: Tensor) -> float:
    """Weight of a batch in the moving averages of norms that have tracked so
    many batches."""
    if plan.momentum is None:
        return 1 / int(tracked.flatten()[0])
    return plan.momentum
