from typing import Dict, Sequence

from mmaction.registry import MODELS
from mmengine.model import ModuleList
from torch import Tensor

from .skeleton_clr import SkeletonCLR


@MODELS.register_module()
class IKEM(SkeletonCLR):
    """Two-stage pre-training with knowledge exchange between modalities.

    "Elevating Skeleton-Based Action Recognition with Efficient Multi-Modality
    Self-Supervision" (IKEM, ICASSP 2024). In the first stage each modality
    learns on its own (:class:`SkeletonCLR`); in the second, which
    :class:`ExchangeStageHook` begins, the exchanges take the place of its
    loss, and the key encoders of some modalities stay as they are. They still
    encode, and fill the banks.

    Args:
        exchanges (sequence[dict]): The exchange modules, whose losses are
            summed. Defaults to explicit and implicit exchange.
        frozen_keys (sequence[str]): Modalities whose key encoders stop their
            moving average in the second stage. Defaults to none.
        **kwargs: Arguments of :class:`SkeletonCLR`.

    Raises:
        ValueError: If there is but one modality, or a frozen one is unknown.
    """

    def __init__(
        self,
        *args,
        exchanges: Sequence[Dict] = (
            dict(type='ExplicitExchange'),
            dict(type='ImplicitExchange'),
        ),
        frozen_keys: Sequence[str] = (),
        **kwargs,
    ) -> None:
        super().__init__(*args, **kwargs)
        unknown = sorted(set(frozen_keys) - set(self.modalities))
        if unknown:
            raise ValueError(
                f'frozen_keys has {unknown}, which are none of the '
                f'modalities {self.modalities}'
            )
        if len(self.modalities) < 2:
            raise ValueError(
                'knowledge is exchanged between at least two modalities, got '
                f'{self.modalities}: use SkeletonCLR for one'
            )
        self.frozen_keys = tuple(frozen_keys)
        self.exchanging = False
        channels = {u: self.bank[u].size(1) for u in self.modalities}
        self.exchanges = ModuleList(
            [
                MODELS.build(
                    {
                        'temperature': self.temperature,
                        **exchange,
                        'channels': channels,
                        'in_channels': self.in_channels,
                    }
                )
                for exchange in exchanges
            ]
        )

    def contrast(
        self,
        f: Dict[str, Tensor],
        z: Dict[str, Tensor],
        zhat: Dict[str, Tensor],
    ) -> Dict[str, Tensor]:
        """Losses of the stage: alone, or the exchanges'."""
        if not self.exchanging:
            return super().contrast(f, z, zhat)
        losses = {}
        for exchange in self.exchanges:
            losses.update(exchange(f, z, zhat, self.bank))
        return losses

    @property
    def moving_keys(self) -> Sequence[str]:
        """All modalities, without the frozen ones in the second stage."""
        frozen = self.frozen_keys if self.exchanging else ()
        return [u for u in self.modalities if u not in frozen]


@MODELS.register_module()
class CrosSCLR(IKEM):
    """Two-stage pre-training with explicit exchange alone.

    `3D Human Action Representation Learning via Cross-View Consistency
    Pursuit <https://arxiv.org/abs/2104.14466>`_.

    Args:
        topk (int): Neighbours that are positives. Defaults to 1.
        context (bool): Whether the context product is contrasted too.
            Defaults to True.
        **kwargs: Arguments of :class:`IKEM` but ``exchanges``.
    """

    def __init__(
        self, *args, topk: int = 1, context: bool = True, **kwargs
    ) -> None:
        explicit = dict(type='ExplicitExchange', topk=topk, context=context)
        super().__init__(*args, exchanges=[explicit], **kwargs)
