from copy import deepcopy
from typing import Dict, List, Sequence

import torch
from mmengine.model import BaseModule
from torch import Tensor

from .encoder import (
    Embedded,
    Encoders,
    Features,
    ModalityEncoder,
    Projectors,
    unit,
)
from .losses import contrast
from .memory_bank import MemoryBank
from .moving_average import update_average


class ExchangeSpace(BaseModule):
    """Neck, key encoders and bank of the exchanges' own.

    For algorithms without a bank, a key encoder or embeddings on the unit
    sphere (Barlow Twins, for instance). A second projector embeds the
    algorithm's features; its key encoders are a moving average of the query
    encoders with that projector. Until the exchanges begin, the projector
    learns by InfoNCE, and the bank fills.

    Args:
        query (Encoders): The query encoders, with a neck.
        neck (dict): Config of the projector.
        temperature (float): tau of InfoNCE.
        bank_size (int): Keys K of the bank. Defaults to 32768.
        bank_init (str): ``'random'`` or ``'empty'``. Defaults to
            ``'random'``.
        momentum (float): Weight m of the key encoders in their moving
            average. Defaults to 0.999.
        key_view (int): The view that the key encoders see, another one than
            that of the algorithm's features ``e.f``. Defaults to 1.
    """

    def __init__(
        self,
        query: Encoders,
        neck: Dict,
        temperature: float,
        bank_size: int = 32768,
        bank_init: str = 'random',
        momentum: float = 0.999,
        key_view: int = 1,
    ) -> None:
        super().__init__()
        self.neck = Projectors(query.modalities, neck, query.feature_channels)
        necks = {  # in place of the algorithm's, which may be large
            id(encoder.neck): deepcopy(self.neck[u])
            for u, encoder in query.items()
        }
        self.key = deepcopy(query, necks)
        self.key.requires_grad_(False)
        channels = dict.fromkeys(query.modalities, neck['out_channels'])
        self.bank = MemoryBank(channels, bank_size, bank_init)
        self.temperature = temperature
        self.momentum = momentum
        self.key_view = key_view

    def forward(self, e: Embedded, views: List[Features]) -> Embedded:
        """Embed an algorithm's features ``e.f``, and the view of the keys.

        Features (I N, D) of I views, one after the other, each look for the N
        keys.
        """
        z = unit(self.neck(e.f))
        with torch.no_grad():
            f_key = self.key.features(views[self.key_view])
            key = unit(self.key.project(f_key))
        key = {u: k.repeat(len(z[u]) // len(k), 1) for u, k in key.items()}
        return Embedded(e.f, z, f_key, key)

    def keys_of(self, e: Embedded) -> Features:
        """Keys that the bank keeps, one per clip, of shape (N, D)."""
        return {u: key[: len(e.f_key[u])] for u, key in e.key.items()}

    def objective(self, e: Embedded) -> Dict[str, Tensor]:
        """InfoNCE of each modality."""
        losses = contrast(e.z, e.key, self.bank, self.temperature)
        return {f'loss_space_{u}': loss for u, loss in losses.items()}

    def update_keys(self, query: Encoders, moving: Sequence[str]) -> None:
        """Move the key encoders of some modalities."""
        update_average(self.key, self.sources(query), self.momentum, moving)

    def copy_keys(self, query: Encoders) -> None:
        """Let the key encoders begin as the query encoders."""
        for u, source in self.sources(query).items():
            self.key[u].load_state_dict(source.state_dict())

    def sources(self, query: Encoders) -> Dict[str, ModalityEncoder]:
        """Encoders of which the key encoders are the moving average."""
        return {
            u: ModalityEncoder(encoder.backbone, self.neck[u])
            for u, encoder in query.items()
        }
