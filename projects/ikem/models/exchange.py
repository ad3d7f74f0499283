"""Knowledge exchange between modalities, the second stage of pre-training."""

from itertools import permutations
from typing import Dict

from mmaction.registry import MODELS
from mmengine.model import BaseModule, ModuleDict
from torch import Tensor

from .encoder import embed
from .losses import explicit_exchange, implicit_exchange
from .memory_bank import MemoryBank

Embeddings = Dict[str, Tensor]


@MODELS.register_module()
class ExplicitExchange(BaseModule):
    """Explicit exchange (EKEM): the neighbours that one modality finds in its
    bank are positives for the others.

    Args:
        channels (dict[str, int]): Channels of the embeddings by modality; set
            by the algorithm.
        in_channels (int): Channels of the features; set by the algorithm.
        temperature (float): tau; that of the algorithm unless given.
        topk (int): Neighbours. Defaults to 1.
        context (bool): Whether the product of two modalities' similarities
            is contrasted too. Defaults to True.
    """

    def __init__(
        self,
        channels: Dict[str, int],
        in_channels: int,
        temperature: float,
        topk: int = 1,
        context: bool = True,
    ) -> None:
        super().__init__()
        self.pairs = list(permutations(channels, 2))
        self.topk = topk
        self.context = context
        self.temperature = temperature

    def forward(
        self, f: Embeddings, z: Embeddings, zhat: Embeddings, bank: MemoryBank
    ) -> Dict[str, Tensor]:
        """Losses ``L_u``, the average over the sources v of ``L_{u<-v}``."""
        losses = explicit_exchange(
            z,
            zhat,
            bank,
            self.pairs,
            self.temperature,
            self.topk,
            self.context,
        )
        sources = len(z) - 1
        return {
            f'loss_explicit_{u}': sum(
                loss for (target, _), loss in losses.items() if target == u
            )
            / sources
            for u in z
        }


@MODELS.register_module()
class ImplicitExchange(BaseModule):
    """Implicit exchange (IKEM, Eq. 1 and 2): each modality learns to embed a
    clip where all modalities together do.

    Args:
        channels (dict[str, int]): Channels of the embeddings by modality; set
            by the algorithm.
        in_channels (int): Channels of the features; set by the algorithm.
        temperature (float): tau; that of the algorithm unless given.
    """

    def __init__(
        self,
        channels: Dict[str, int],
        in_channels: int,
        temperature: float,
    ) -> None:
        super().__init__()
        d = sum(channels.values())
        self.projector = ModuleDict(
            {
                u: MODELS.build(
                    dict(
                        type='MLPProjector',
                        in_channels=in_channels,
                        hid_channels=d,
                        out_channels=d,
                    )
                )
                for u in channels
            }
        )
        self.temperature = temperature

    def forward(
        self, f: Embeddings, z: Embeddings, zhat: Embeddings, bank: MemoryBank
    ) -> Dict[str, Tensor]:
        """Losses ``L_u`` of the embeddings ``normalize(gtilde_u(f_u))``."""
        ztilde = {u: embed(self.projector[u], x) for u, x in f.items()}
        losses = implicit_exchange(ztilde, zhat, bank, self.temperature)
        return {f'loss_implicit_{u}': loss for u, loss in losses.items()}
