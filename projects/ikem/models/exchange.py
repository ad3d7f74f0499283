"""Knowledge exchange between modalities, which a config adds to an algorithm.

An exchange is a module of ``MODELS``, built with the ``channels`` of the
embeddings by modality, ``in_channels`` of the features and ``temperature``
beside its own arguments. Its forward takes what the algorithm embedded and
the bank, and returns losses by name.
"""

from itertools import permutations
from typing import Dict, Optional

from mmaction.registry import MODELS
from mmengine.model import BaseModule
from torch import Tensor

from .encoder import Embedded, Projectors, unit
from .losses import (
    ExplicitExchangeLoss,
    ImplicitExchangeLoss,
    by_width,
    distribution_exchange,
    mean_over_sources,
)
from .memory_bank import MemoryBank


@MODELS.register_module()
class ExplicitExchange(BaseModule):
    """Explicit exchange (EKEM): the neighbours that one modality finds in its
    bank are positives for the others.

    Args:
        channels (dict[str, int]): Channels of the embeddings by modality; set
            by the algorithm.
        in_channels (int): Channels of the features; set by the algorithm.
        **kwargs: Arguments of :class:`ExplicitExchangeLoss`.
    """

    def __init__(
        self, channels: Dict[str, int], in_channels: int, **kwargs
    ) -> None:
        super().__init__()
        self.pairs = list(permutations(channels, 2))
        self.loss = ExplicitExchangeLoss(**kwargs)

    def forward(self, e: Embedded, bank: MemoryBank) -> Dict[str, Tensor]:
        """Losses ``L_u``, the average over the sources v of ``L_{u<-v}``."""
        losses = mean_over_sources(self.loss(e.z, e.key, bank, self.pairs))
        return {f'loss_explicit_{u}': loss for u, loss in losses.items()}


@MODELS.register_module()
class ImplicitExchange(BaseModule):
    """Implicit exchange (IKEM, Eq. 1 and 2): each modality learns to embed a
    clip where all modalities together do.

    Args:
        channels (dict[str, int]): Channels of the embeddings by modality; set
            by the algorithm.
        in_channels (int): Channels of the features; set by the algorithm.
        **kwargs: Arguments of :class:`ImplicitExchangeLoss`.
    """

    def __init__(
        self, channels: Dict[str, int], in_channels: int, **kwargs
    ) -> None:
        super().__init__()
        d = sum(channels.values())
        neck = dict(type='MLPProjector', hid_channels=d, out_channels=d)
        self.projector = Projectors(channels, neck, in_channels)
        self.loss = ImplicitExchangeLoss(**kwargs)

    def forward(self, e: Embedded, bank: MemoryBank) -> Dict[str, Tensor]:
        """Losses ``L_u`` of the embeddings ``normalize(gtilde_u(f_u))``."""
        losses = self.loss(unit(self.projector(e.f)), e.key, bank)
        return {f'loss_implicit_{u}': loss for u, loss in losses.items()}


@MODELS.register_module()
class DistributionExchange(BaseModule):
    """Explicit exchange by whole distributions: each modality learns to find
    the bank as similar as the key of every other modality does.

    ActCLR's loss between modalities, see :func:`distribution_exchange`.

    Args:
        channels (dict[str, int]): Channels of the embeddings by modality, of
            one width; set by the algorithm.
        in_channels (int): Channels of the features; set by the algorithm.
        temperature (float): That of the algorithm, not used: the
            distributions have two of their own.
        key_temperature (float): t of the targets. Defaults to 0.04.
        query_temperature (float): t' of the queries. Defaults to 0.1.
        topk (int): Slots of a target, at most all. Defaults to 8192.
        max_similarity (float, optional): Slots nearer to a key than that
            count with a similarity of -1. Defaults to 0.95.
        squared (bool): Whether the queries' similarities are squared.
            Defaults to True.
        loss_weight (float): Factor of the losses. Defaults to 1.
    """

    def __init__(
        self,
        channels: Dict[str, int],
        in_channels: int,
        temperature: float = 0.07,
        key_temperature: float = 0.04,
        query_temperature: float = 0.1,
        topk: int = 8192,
        max_similarity: Optional[float] = 0.95,
        squared: bool = True,
        loss_weight: float = 1.0,
    ) -> None:
        super().__init__()
        self.options = dict(
            temperature=key_temperature,
            query_temperature=query_temperature,
            topk=topk,
            max_similarity=max_similarity,
            squared=squared,
        )
        self.loss_weight = loss_weight

    def forward(self, e: Embedded, bank: MemoryBank) -> Dict[str, Tensor]:
        """Losses ``L_u``, the mean over the sources v."""
        losses = by_width(
            distribution_exchange, e.z, e.key, bank, **self.options
        )
        return {
            f'loss_distribution_{u}': self.loss_weight * loss
            for u, loss in losses.items()
        }
