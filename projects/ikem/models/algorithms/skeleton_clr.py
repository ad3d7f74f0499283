from copy import deepcopy
from typing import Dict, Optional, Sequence

import torch
from mmaction.registry import MODELS
from torch import Tensor
from torch.optim.swa_utils import get_ema_multi_avg_fn

from ..losses import embedding_statistics, info_nce
from ..memory_bank import MemoryBank
from .base import PretrainingModel


@MODELS.register_module()
class SkeletonCLR(PretrainingModel):
    """MoCo-style contrastive pre-training, each modality on its own.

    `3D Human Action Representation Learning via Cross-View Consistency
    Pursuit <https://arxiv.org/abs/2104.14466>`_ (SkeletonCLR), which is also
    the first stage of CrosSCLR and IKEM. Any number of modalities is trained
    side by side; the losses are summed.

    Args:
        backbone (dict): Encoder f, one a modality.
        neck (dict): Projector g, with ``in_channels`` of the feature and
            ``out_channels`` of the embedding.
        data_preprocessor (dict): A :class:`ModalityDataPreprocessor`, whose
            ``modalities`` are the ones that are trained.
        bank_size (int): Keys K of the memory bank. Defaults to 32768.
        bank_init (str): ``'random'`` or ``'empty'``. Defaults to
            ``'random'``.
        momentum (float): Weight m of the key encoder in its moving average,
            ``key = m * key + (1 - m) * query``. Defaults to 0.999.
        temperature (float): tau of the loss. Defaults to 0.07.
        init_cfg (dict, optional): Initialization. Defaults to None.
    """

    def __init__(
        self,
        backbone: Dict,
        neck: Dict,
        data_preprocessor: Dict,
        bank_size: int = 32768,
        bank_init: str = 'random',
        momentum: float = 0.999,
        temperature: float = 0.07,
        init_cfg: Optional[Dict] = None,
    ) -> None:
        super().__init__(backbone, neck, data_preprocessor, init_cfg=init_cfg)
        self.key = deepcopy(self.query).requires_grad_(False)
        self.bank = MemoryBank(
            {u: neck['out_channels'] for u in self.modalities},
            bank_size,
            bank_init,
        )
        self.in_channels = neck['in_channels']
        self.momentum = momentum
        self.temperature = temperature

    def init_weights(self) -> None:
        """Initialize the query encoders and copy them to the key encoders."""
        super().init_weights()
        self.key.load_state_dict(self.query.state_dict())

    def loss(self, inputs: Dict[str, Tensor]) -> Dict[str, Tensor]:
        """InfoNCE of each modality, and what shows a collapse: queries see
        view 0, keys view 1."""
        f = self.extract_feat(inputs)
        z = {u: self.query[u].project(f[u]) for u in self.modalities}
        zhat = self.encode_keys(inputs)
        losses = self.contrast(f, z, zhat)
        losses.update(embedding_statistics(z, zhat, self.bank))
        self.bank.enqueue(zhat)
        return losses

    def contrast(
        self,
        f: Dict[str, Tensor],
        z: Dict[str, Tensor],
        zhat: Dict[str, Tensor],
    ) -> Dict[str, Tensor]:
        """Losses of features, query and key embeddings by modality."""
        return {
            f'loss_{u}': info_nce(
                z[u], zhat[u], self.bank[u], self.temperature
            )
            for u in self.modalities
        }

    @torch.no_grad()
    def encode_keys(self, inputs: Dict[str, Tensor]) -> Dict[str, Tensor]:
        """Update the key encoders, then embed the second view.

        The moving average covers parameters; norm layers of the key encoders
        keep statistics of their own.
        """
        keys, queries = (
            [p for u in self.moving_keys for p in encoder[u].parameters()]
            for encoder in (self.key, self.query)
        )
        get_ema_multi_avg_fn(self.momentum)(keys, queries, None)
        return {u: self.key[u](inputs[u][:, 1]) for u in self.modalities}

    @property
    def moving_keys(self) -> Sequence[str]:
        """Modalities whose key encoders follow their query encoders."""
        return self.modalities
