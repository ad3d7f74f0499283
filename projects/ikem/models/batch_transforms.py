"""Transforms of a batch whose clips take something over from each other.

A transform draws once for the whole batch, in :meth:`draw`, and applies what
it drew when it is called, so that several inputs can share a draw. The
numbers come from torch's default generator of the CPU, whose state a resumed
training gets back, and are the same on all ranks. Clip i's partner is clip
``(i + shift) mod N`` of the batch over all ranks: several ranks do what one
would. The formulas are in ``batch_functions.py``.
"""

from bisect import bisect
from itertools import accumulate
from typing import Mapping, NamedTuple, Optional, Sequence, Tuple, Union

from mmaction.registry import MODELS
from mmengine.dist import get_world_size
from torch import Tensor

from projects.ikem.skeletons import SkeletonLayout, get_layout

from . import batch_functions
from .ranks import draw_together, take_partners

TRANSFERS = {
    'joint': batch_functions.transfer_joint,
    'bone': batch_functions.transfer_bone,
    'motion': batch_functions.transfer_motion,
    'legacy': batch_functions.transfer_legacy,
}


class TransferDraw(NamedTuple):
    """What :class:`PartTransfer` draws.

    Attributes:
        shift (int): Steps from a clip to its partner.
    """

    shift: int


class SwapDraw(NamedTuple):
    """What :class:`RegionSwap` draws.

    Attributes:
        shift (int): Steps from a clip to its partner.
        kind (str): ``'paste'``, ``'resize'`` or ``'mix'``.
        parts (tuple[str]): Parts of the layout that are swapped.
        start (int): First row of cells of the window.
        length (int): Its rows.
        weight (float): The partner's share where clips are mixed, lambda.
    """

    shift: int
    kind: str
    parts: Tuple[str, ...] = ()
    start: int = 0
    length: int = 0
    weight: float = 0.0


class Swapped(NamedTuple):
    """What :class:`RegionSwap` returns.

    Attributes:
        x (Tensor): The clips, (N, M, T, V, C).
        taken (Tensor): B, share of each cell of the clips that comes from
            their partners, (t, V).
        lent (Tensor): B^p, share of each cell of the partners that is in the
            clips, (t, V).
    """

    x: Tensor
    taken: Tensor
    lent: Tensor


def _pick(u: float, values: Sequence):
    """One of the values, by a number U(0, 1)."""
    return values[int(u * len(values))]


def _draw_shift(u: float, num_clips: int) -> int:
    total = num_clips * get_world_size()
    if total < 3:
        raise ValueError(
            f'a batch of {total} clips has no partners to draw: set the '
            'batch size to 3 or more'
        )
    return _pick(u, range(1, total - 1))


def _check_joints(x: Tensor, layout: SkeletonLayout, name: str) -> None:
    if x.size(-2) != layout.num_joints:
        raise ValueError(
            f'{name} has the layout {layout.name!r} of {layout.num_joints} '
            f'joints, got clips of shape {tuple(x.shape)}: set its `layout` '
            'to that of the data'
        )


@MODELS.register_module()
class PartTransfer:
    """Give each clip the proportions of its partner (ActCLR).

    Args:
        kind (str): ``'joint'``, ``'bone'`` and ``'motion'``, what is given
            (lengths of bones, or statistics), and how ActCLR does it for the
            stream of that name; or ``'legacy'``, see
            ``batch_functions.py``. Defaults to ``'joint'``.
        layout (str | dict): Skeleton layout. Defaults to ``'ntu-25'``.

    Raises:
        ValueError: If there is no such kind.
    """

    def __init__(
        self, kind: str = 'joint', layout: Union[str, dict] = 'ntu-25'
    ) -> None:
        if kind not in TRANSFERS:
            raise ValueError(
                f'kind of PartTransfer is one of {list(TRANSFERS)}, got '
                f'{kind!r}'
            )
        self.kind = kind
        self.layout = get_layout(layout)

    def draw(
        self, num_clips: int, uniforms: Optional[Sequence[float]] = None
    ) -> TransferDraw:
        """Draw the partners: a shift uniform in 1 to N - 2.

        Args:
            num_clips (int): Clips of the batch of this rank.
            uniforms (sequence[float], optional): The number U(0, 1) to use.
                Drawn by default.

        Raises:
            ValueError: If the batch has less than three clips.
        """
        (u,) = draw_together(1).tolist() if uniforms is None else uniforms
        return TransferDraw(_draw_shift(u, num_clips))

    def __call__(
        self, x: Tensor, draw: TransferDraw, epoch: int = 0
    ) -> Tensor:
        """Transfer.

        Args:
            x (Tensor): Clips of shape (N, M, T, V, C).
            draw (TransferDraw): What was drawn.
            epoch (int): Epochs that are done, for ``'legacy'``. Defaults to
                0.

        Returns:
            Tensor: Of the shape of x.
        """
        _check_joints(x, self.layout, 'PartTransfer')
        partner = take_partners(x, draw.shift)
        more = dict(epoch=epoch) if self.kind == 'legacy' else {}
        return TRANSFERS[self.kind](x, partner, self.layout, **more)


@MODELS.register_module()
class RegionSwap:
    """Put parts of the partner into a window of each clip, or mix both.

    One of three (ActCLR): ``'paste'`` takes some parts of the body in a
    window of time from the partner; ``'resize'`` puts twice as many frames
    of the partner's beginning there; ``'mix'`` interpolates everything.

    Args:
        num_parts (sequence[int]): Numbers of parts to draw from. Defaults to
            (2, 3).
        lengths (sequence[int]): Rows of cells that a window can have, to
            draw from; those of a short clip are no longer than it. Defaults
            to (3, 4, 5).
        probs (dict[str, float]): Probability of each kind. Defaults to 1/2,
            1/4 and 1/4.
        stride (int): Frames in a row of cells, the encoder's stride in time.
            Defaults to 4.
        layout (str | dict): Skeleton layout, whose parts are swapped.
            Defaults to ``'ntu-25'``.

    Raises:
        ValueError: If the layout has no parts or fewer than are wanted, or
            lengths or probabilities cannot be.
    """

    def __init__(
        self,
        num_parts: Sequence[int] = (2, 3),
        lengths: Sequence[int] = (3, 4, 5),
        probs: Mapping[str, float] = dict(paste=0.5, resize=0.25, mix=0.25),
        stride: int = 4,
        layout: Union[str, dict] = 'ntu-25',
    ) -> None:
        self.layout = get_layout(layout)
        self.parts = self.layout.require('parts')
        total = len(self.parts)
        if not num_parts or not {*num_parts} <= {*range(1, total + 1)}:
            raise ValueError(
                f'num_parts of RegionSwap are numbers from 1 to {total}, the '
                f'parts of layout {self.layout.name!r}, got {num_parts}'
            )
        if not lengths or min(lengths) < 1:
            raise ValueError(
                f'lengths of RegionSwap are positive, got {lengths}'
            )
        unknown = {*probs} - {'paste', 'resize', 'mix'}
        shares = [*probs.values()]
        if unknown or min(shares) < 0 or abs(sum(shares) - 1) > 1e-6:
            raise ValueError(
                "probs of RegionSwap give 'paste', 'resize' and 'mix' "
                f'probabilities that sum to 1, got {dict(probs)}'
            )
        self.num_parts, self.lengths = tuple(num_parts), tuple(lengths)
        self.probs, self.stride = dict(probs), stride

    def draw(
        self,
        num_clips: int,
        num_frames: int,
        uniforms: Optional[Sequence[float]] = None,
    ) -> SwapDraw:
        """Draw partners and what they swap.

        Args:
            num_clips (int): Clips of the batch of this rank.
            num_frames (int): T.
            uniforms (sequence[float], optional): The numbers U(0, 1) to use,
                six and one per part. Drawn by default.

        Raises:
            ValueError: If the batch has less than three clips, or clips no
                whole row of cells.
        """
        if uniforms is None:
            uniforms = draw_together(6 + len(self.parts)).tolist()
        shift, kind, number, length, start, weight, *order = uniforms
        rows = num_frames // self.stride
        if rows < 1:
            raise ValueError(
                f'RegionSwap swaps {self.stride} frames or more, clips have '
                f'{num_frames}: prepare longer ones'
            )
        number = _pick(number, self.num_parts)
        length = min(_pick(length, self.lengths), rows)
        # parts by their numbers of the order, without replacement
        parts = sorted(zip(order, self.parts))[:number]
        return SwapDraw(
            shift=_draw_shift(shift, num_clips),
            kind=self._kind(kind),
            parts=tuple(name for _, name in parts),
            start=_pick(start, range(rows - length + 1)),
            length=length,
            weight=weight,
        )

    def _kind(self, u: float) -> str:
        kinds, shares = zip(*self.probs.items())
        return kinds[bisect([*accumulate(shares)][:-1], u)]

    def __call__(self, x: Tensor, draw: SwapDraw) -> Swapped:
        """Swap.

        Args:
            x (Tensor): Clips of shape (N, M, T, V, C).
            draw (SwapDraw): What was drawn.

        Returns:
            Swapped: The clips, and the cells that were swapped.
        """
        _check_joints(x, self.layout, 'RegionSwap')
        partner = take_partners(x, draw.shift)
        joints = [v for part in draw.parts for v in self.parts[part]]
        window = draw.start, draw.length

        def cells(start, length):
            return batch_functions.region(
                x.size(-3), joints, start, length, x, self.stride
            )

        if draw.kind == 'mix':
            everywhere = cells(0, 0) + draw.weight
            mixed = batch_functions.mix(x, partner, draw.weight)
            return Swapped(mixed, everywhere, everywhere)
        taken = lent = cells(*window)
        if draw.kind == 'resize':
            partner = batch_functions.squeeze(partner, *window, self.stride)
            lent = cells(0, len(taken))
        pasted = batch_functions.paste(x, partner, taken, self.stride)
        return Swapped(pasted, taken, lent)
