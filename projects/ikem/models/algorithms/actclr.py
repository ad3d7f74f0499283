from typing import Dict, List, Optional, Tuple, Union

import torch
from mmaction.registry import MODELS
from mmengine.dist import all_reduce
from torch import Tensor

from projects.ikem.loading import find_misfits

from ..actionlet import (
    actionlet,
    dissimilarity_gradient,
    masked_pool,
    same_part,
)
from ..batch_functions import compose, mixed_keys, swapped_weights
from ..data_preprocessor import JOINTS, TIME_SCALE
from ..encoder import Embedded, Encoders, Features, pool_stack, unit
from ..losses import actclr, by_width
from .base import begun, require_beginning
from .skeleton_clr import SkeletonCLR


@MODELS.register_module()
class ActCLR(SkeletonCLR):
    """Contrast of actionlets, the second phase after :class:`AimCLR`.

    `Actionlet-Dependent Contrastive Learning for Unsupervised Skeleton-Based
    Action Recognition <https://arxiv.org/abs/2303.10904>`_ (CVPR 2023). An
    actionlet is where a clip differs from an anchor without action, the mean
    of the batch. It is kept while the rest is transformed strongly; the
    queries then learn to find the bank as similar as the key does, in the
    slots that are nearest to it. Three terms: the actionlet within a strong
    view; within a view whose parts other clips lent; a view mixed from two
    clips, for which their keys are mixed.

    Four views of a clip: strong, normal, and two weak ones, the last for the
    key. Transfers and swaps act on joints, before the modalities are derived,
    with one draw for all of them.

    A first phase is loaded by ``load_from``, any checkpoint of the family
    with these modalities: query and key encoders begin as its query encoders,
    the bank anew.

    Args:
        data_preprocessor (dict): A :class:`ModalityDataPreprocessor` whose
            layout has parts.
        transfer (dict): The transfer of the second term. Defaults to
            ``dict(type='PartTransfer')``.
        swap (dict): The swap of the second and the third term. Defaults to
            ``dict(type='RegionSwap')``.
        late_swap (dict): The swap of the second term later on. Defaults to
            one of fewer parts in shorter windows.
        late_swap_begin (float | int): Where that begins: a share of the
            training, a float from 0 to 1, or a number of epochs, an int.
            Defaults to 200.
        mixed_from (str): What the third term swaps, ``'transferred'`` clips
            or ``'plain'`` ones. Defaults to ``'transferred'``.
        channel_keys (bool): Whether keys are mixed by channel, as in the
            releases before July 2024. Defaults to False.
        topk (int): Slots of the bank in a target, at most all. Defaults to
            8192.
        key_temperature (float): Temperature of the targets. Defaults to
            0.04.
        query_temperature (float): That of the queries. Defaults to 0.1.
        max_similarity (float, optional): Slots nearer to a key than that
            count with a similarity of -1. Defaults to 0.95.
        squared (bool): Whether the queries' similarities are squared.
            Defaults to True.
        exchange_replaces (bool): Whether exchanges take the place of these
            losses. Defaults to False.
        **kwargs: Further arguments of :class:`SkeletonCLR`; ``temperature``
            is that of the exchanges.

    Raises:
        ValueError: If an argument is out of its range, the layout has no
            parts, or absent persons are to be skipped; when called, if the
            swaps have another stride in time than the encoder, or a batch has
            less than three clips.
    """

    num_views = 4

    def __init__(
        self,
        backbone: Dict,
        neck: Dict,
        data_preprocessor: Dict,
        *args,
        transfer: Dict = dict(type='PartTransfer'),
        swap: Dict = dict(type='RegionSwap'),
        late_swap: Dict = dict(
            type='RegionSwap', num_parts=(1, 2), lengths=(1, 2, 3)
        ),
        late_swap_begin: Union[float, int] = 200,
        mixed_from: str = 'transferred',
        channel_keys: bool = False,
        topk: int = 8192,
        key_temperature: float = 0.04,
        query_temperature: float = 0.1,
        max_similarity: Optional[float] = 0.95,
        squared: bool = True,
        exchange_replaces: bool = False,
        **kwargs,
    ) -> None:
        super().__init__(
            backbone,
            neck,
            dict(data_preprocessor, keep_joints=True),
            *args,
            exchange_replaces=exchange_replaces,
            **kwargs,
        )
        require_beginning('late_swap_begin', late_swap_begin)
        if mixed_from not in ('transferred', 'plain'):
            raise ValueError(
                f"mixed_from is 'transferred' or 'plain', got {mixed_from!r}"
            )
        if topk < 1 or min(key_temperature, query_temperature) <= 0:
            raise ValueError(
                'topk and the temperatures of ActCLR are positive, got '
                f'topk={topk}, key_temperature={key_temperature}, '
                f'query_temperature={query_temperature}'
            )
        if self.data_preprocessor.skip_absent:
            raise ValueError(
                'the clips of ActCLR lend each other their persons, so that '
                'nobody is absent for certain: set '
                'data_preprocessor.skip_absent=False'
            )
        layout = self.data_preprocessor.layout
        self.transfer, self.swap, self.late_swap = (
            MODELS.build({'layout': layout, **cfg})
            for cfg in (transfer, swap, late_swap)
        )
        same = same_part(layout.require('parts').values(), layout.num_joints)
        self.register_buffer('same_part', same, persistent=False)
        # tells its checkpoints from those of a first phase
        self.register_buffer('phase', torch.tensor(2))
        self.register_load_state_dict_pre_hook(_begin_second_phase)
        self.late_swap_begin = late_swap_begin
        self.mixed_from = mixed_from
        self.channel_keys = channel_keys
        self.options = dict(
            topk=topk,
            temperature=key_temperature,
            query_temperature=query_temperature,
            max_similarity=max_similarity,
            squared=squared,
        )
        self.epoch = 0
        self.late = False

    def set_progress(self, epoch: float, max_epochs: float) -> None:
        """See :class:`PretrainingModel`; also changes the swap."""
        super().set_progress(epoch, max_epochs)
        self.epoch = epoch
        self.late = begun(self.late_swap_begin, epoch, max_epochs)

    def embed(self, views: List[Features]) -> Embedded:
        """View 0 is strong, queries see view 1, the transfers change view 2,
        keys see view 3."""
        strong, query, weak, target = views
        with torch.no_grad():
            anchor = self.anchor(target)
            key, f_key = self.embed_keys(target, anchor)
            _, A = self.actionlets(self.query, query, anchor)
            _, A_weak = self.actionlets(self.query, weak, anchor)
            transferred, swapped, mixed, mixed_key = self.lend(
                weak, A_weak, key
            )
            first = compose(A, self.stack(query), self.stack(strong))
            second = compose(A_weak, transferred, swapped)
        f, z = self.embed_query(first)
        _, z_transferred = self.embed_query(second)
        _, z_mixed = self.embed_query(mixed)
        extra = dict(
            transferred=z_transferred, mixed=z_mixed, mixed_key=mixed_key
        )
        return Embedded(f, z, f_key, key, extra)

    def stack(self, x: Features) -> Tensor:
        """The modalities (N, ...) as one tensor (N, U, ...)."""
        return torch.stack([x[u] for u in self.modalities], 1)

    def unstack(self, x: Tensor) -> Features:
        """The inverse of :meth:`stack`."""
        return dict(zip(self.modalities, x.unbind(1)))

    def anchor(self, target: Features) -> Features:
        """Embeddings (1, D) of the mean clip, not normalised."""
        mean = self.stack(target).mean(0, keepdim=True)
        all_reduce(mean, 'mean')
        return self.key.project(self.key.features(self.unstack(mean)))

    def actionlets(
        self, encoders: Encoders, view: Features, anchor: Features
    ) -> Tuple[List[Tensor], Tensor]:
        """Feature maps (N, M, t, V, U', D) of parts of the modalities, and
        actionlets (N, U, M, t, V)."""
        stacks = encoders.stacks(view)
        f = {
            u: f
            for names, maps in stacks
            for u, f in zip(names, pool_stack(maps).unbind(1))
        }
        gradient = dissimilarity_gradient(f, encoders.project, anchor)
        parts = gradient.split([len(names) for names, _ in stacks], 1)
        maps = [maps for _, maps in stacks]
        masks = [actionlet(F, g, self.same_part) for F, g in zip(maps, parts)]
        return maps, torch.cat(masks, 1)

    def embed_keys(
        self, target: Features, anchor: Features
    ) -> Tuple[Features, Features]:
        """Keys of the clip and its actionlet, averaged, and features."""
        maps, A = self.actionlets(self.key, target, anchor)
        masks = A.split([F.size(-2) for F in maps], 1)
        f = self.unstack(torch.cat([pool_stack(F) for F in maps], 1))
        f_actionlet = self.unstack(
            torch.cat([masked_pool(F, A) for F, A in zip(maps, masks)], 1)
        )
        whole, masked = map(self.key.project, (f, f_actionlet))
        z = (self.stack(whole) + self.stack(masked)) / 2
        return unit(self.unstack(z)), f

    def embed_query(self, x: Tensor) -> Tuple[Features, Features]:
        """Features and embeddings of a query view (N, U, M, T, V, C)."""
        f = self.query.features(self.unstack(x))
        return f, unit(self.query.project(f))

    def lend(
        self, weak: Features, A: Tensor, key: Features
    ) -> Tuple[Tensor, Tensor, Tensor, Features]:
        """Let the clips of a batch lend each other what they have.

        Args:
            weak (dict[str, Tensor]): A weak view (N, M, T, V, C), with its
                joints.
            A (Tensor): Its actionlets, of shape (N, U, M, t, V).
            key (dict[str, Tensor]): Keys (N, D).

        Returns:
            tuple[Tensor, Tensor, Tensor, dict[str, Tensor]]: The view after
            the transfer, this after a swap, and what the third term sees,
            each of shape (N, U, M, T, V, C), and the keys of the third term.
        """
        x = weak[JOINTS]
        N, _, T = x.shape[:3]
        swap = self.late_swap if self.late else self.swap
        moved = self.transfer(x, self.transfer.draw(N), int(self.epoch))
        swapped = swap(moved, swap.draw(N, T)).x
        draw = self.swap.draw(N, T)
        source = moved if self.mixed_from == 'transferred' else x
        mixed, taken, lent = self.swap(source, draw)
        if len(taken) != A.size(-2):
            raise ValueError(
                f'the feature maps have {A.size(-2)} rows of {T} frames, the '
                f'swap {len(taken)}: set stride of swap and late_swap to the '
                "encoder's stride in time"
            )
        mixed_key = mixed_keys(
            self.stack(key),
            *swapped_weights(A, taken, lent),
            draw.shift,
            self.channel_keys,
        )
        joints = torch.stack([moved, swapped, mixed], 1)
        derived = self.data_preprocessor.derive(joints, weak[TIME_SCALE])
        views = self.stack(derived).unbind(2)
        return (*views, self.unstack(mixed_key))

    def objective(self, e: Embedded) -> Dict[str, Tensor]:
        """The three terms of each modality."""
        terms = by_width(
            actclr,
            e.z,
            e.extra['transferred'],
            e.extra['mixed'],
            e.key,
            e.extra['mixed_key'],
            self.bank,
            **self.options,
        )
        losses = {}
        for u, (plain, transferred, mixed) in terms.items():
            losses[f'loss_{u}'] = plain
            losses[f'loss_transferred_{u}'] = transferred
            losses[f'loss_mixed_{u}'] = mixed
        return losses


def _begin_second_phase(
    model: ActCLR, state: Dict[str, Tensor], prefix: str, *args
) -> None:
    """Let the encoders begin as the query encoders of a first phase.

    A hook before a state dict is loaded; changes it in place. Those of the
    second phase stay as they are.

    Raises:
        RuntimeError: If its query encoders are others; names what differs.
    """
    if f'{prefix}phase' in state:
        return
    own = model.state_dict(prefix=prefix)
    start = f'{prefix}query.'
    query = {k: v for k, v in state.items() if k.startswith(start)}
    misfits = find_misfits(
        {k: v.shape for k, v in own.items() if k.startswith(start)},
        {k: v.shape for k, v in query.items()},
    )
    if misfits:
        raise RuntimeError(
            'ActCLR begins from the query encoders of a pre-training with '
            'its modalities and its size, such as that of configs/aimclr, '
            f'which load_from is not: {misfits}'
        )
    exchanges = {
        k: state.get(k, v)
        for k, v in own.items()
        if k.startswith(f'{prefix}exchange')
    }
    key = {k.replace('query.', 'key.', 1): v for k, v in query.items()}
    state.clear()
    state.update({**own, **query, **key, **exchanges})
