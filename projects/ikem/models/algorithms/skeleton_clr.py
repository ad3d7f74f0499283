from typing import Dict, List, Sequence

import torch
from mmaction.registry import MODELS
from torch import Tensor

from ..encoder import Embedded, Features, unit
from ..losses import contrast
from .base import PretrainingModel


@MODELS.register_module()
class SkeletonCLR(PretrainingModel):
    """MoCo-style contrastive pre-training, each modality on its own.

    `3D Human Action Representation Learning via Cross-View Consistency
    Pursuit <https://arxiv.org/abs/2104.14466>`_ (SkeletonCLR), which is also
    the first stage of CrosSCLR and IKEM. Any number of modalities is trained
    side by side; the losses are summed.

    Args:
        momentum (float): Weight m of the key encoders in their moving
            average. Defaults to 0.999.
        bank_size (int): Keys K of the memory bank. Defaults to 32768.
        **kwargs: Further arguments of :class:`PretrainingModel`.
    """

    def __init__(
        self, *args, momentum: float = 0.999, bank_size: int = 32768, **kwargs
    ) -> None:
        super().__init__(
            *args, momentum=momentum, bank_size=bank_size, **kwargs
        )

    def embed(self, views: List[Features]) -> Embedded:
        """Queries see view 0, keys view 1."""
        query, target = views
        f = self.query.features(query)
        z = unit(self.query.project(f))
        with torch.no_grad():
            f_key = self.key.features(target)
            key = unit(self.key.project(f_key))
        return Embedded(f, z, f_key, key)

    def objective(self, e: Embedded) -> Dict[str, Tensor]:
        """InfoNCE of each modality."""
        losses = contrast(e.z, e.key, self.bank, self.temperature)
        return {f'loss_{u}': loss for u, loss in losses.items()}


@MODELS.register_module()
class IKEM(SkeletonCLR):
    """SkeletonCLR, then explicit and implicit knowledge exchange.

    "Elevating Skeleton-Based Action Recognition with Efficient Multi-Modality
    Self-Supervision" (IKEM, ICASSP 2024). In the first half of the training
    each modality learns on its own, in the second the exchanges take the
    place of its loss, and the key encoders of some modalities stay as they
    are; they still encode, and fill the banks.

    Args:
        exchanges (sequence[dict]): The exchanges. Defaults to explicit and
            implicit exchange.
        **kwargs: Further arguments of :class:`SkeletonCLR`.
    """

    def __init__(
        self,
        *args,
        exchanges: Sequence[Dict] = (
            dict(type='ExplicitExchange'),
            dict(type='ImplicitExchange'),
        ),
        **kwargs,
    ) -> None:
        super().__init__(*args, exchanges=exchanges, **kwargs)


@MODELS.register_module()
class CrosSCLR(SkeletonCLR):
    """SkeletonCLR, then explicit exchange alone.

    `3D Human Action Representation Learning via Cross-View Consistency
    Pursuit <https://arxiv.org/abs/2104.14466>`_.

    Args:
        topk (int): Neighbours that are positives. Defaults to 1.
        context (bool): Whether the context product is contrasted too.
            Defaults to True.
        exchanges (sequence[dict]): Further exchanges. Defaults to none.
        **kwargs: Further arguments of :class:`SkeletonCLR`.
    """

    def __init__(
        self,
        *args,
        topk: int = 1,
        context: bool = True,
        exchanges: Sequence[Dict] = (),
        **kwargs,
    ) -> None:
        explicit = dict(type='ExplicitExchange', topk=topk, context=context)
        super().__init__(*args, exchanges=[explicit, *exchanges], **kwargs)
