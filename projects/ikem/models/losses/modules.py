"""The losses as modules of ``MODELS``, for configs."""

from typing import Dict, List, Mapping

from mmaction.registry import MODELS
from mmengine.model import BaseModule
from torch import Tensor

from .functional import Pair, explicit_exchange, implicit_exchange, info_nce


class _ContrastiveLoss(BaseModule):
    """A loss with a temperature and a weight."""

    def __init__(
        self, temperature: float = 0.07, loss_weight: float = 1.0
    ) -> None:
        super().__init__()
        self.temperature = temperature
        self.loss_weight = loss_weight


@MODELS.register_module()
class InfoNCE(_ContrastiveLoss):
    """InfoNCE with a memory bank of negatives, see :func:`info_nce`.

    Args:
        temperature (float): tau. Defaults to 0.07.
        loss_weight (float): Factor of the loss. Defaults to 1.
    """

    def forward(self, z: Tensor, key: Tensor, bank: Tensor) -> Tensor:
        """Mean loss of embeddings of unit length.

        Args:
            z (Tensor): Query embeddings (N, D).
            key (Tensor): Key embeddings (N, D) of the same clips.
            bank (Tensor): Negatives (K, D).
        """
        loss = info_nce(z, key, bank, self.temperature)
        return self.loss_weight * loss


@MODELS.register_module()
class ExplicitExchangeLoss(BaseModule):
    """Explicit exchange (EKEM), see :func:`explicit_exchange`.

    Args:
        temperature (float): tau. Defaults to 0.07.
        topk (int): Slots that a source holds for positive. Defaults to 1.
        context (bool): Whether there is a context product. Defaults to True.
        form (str): ``'release'`` or ``'paper'`` (Eq. 7). Defaults to
            ``'release'``.
        loss_weight (float): Factor of the losses. Defaults to 1.
    """

    def __init__(
        self,
        temperature: float = 0.07,
        topk: int = 1,
        context: bool = True,
        form: str = 'release',
        loss_weight: float = 1.0,
    ) -> None:
        super().__init__()
        self.options = dict(
            temperature=temperature, topk=topk, context=context, form=form
        )
        self.loss_weight = loss_weight

    def forward(
        self,
        z: Mapping[str, Tensor],
        key: Mapping[str, Tensor],
        bank: Mapping[str, Tensor],
        pairs: List[Pair],
    ) -> Dict[Pair, Tensor]:
        """Mean loss of each pair (target, source)."""
        losses = explicit_exchange(z, key, bank, pairs, **self.options)
        return weighted(losses, self.loss_weight)


@MODELS.register_module()
class ImplicitExchangeLoss(_ContrastiveLoss):
    """Implicit exchange (IKEM), see :func:`implicit_exchange`.

    Args:
        temperature (float): tau. Defaults to 0.07.
        loss_weight (float): Factor of the losses. Defaults to 1.
    """

    def forward(
        self,
        ztilde: Mapping[str, Tensor],
        key: Mapping[str, Tensor],
        bank: Mapping[str, Tensor],
    ) -> Dict[str, Tensor]:
        """Mean loss of each modality."""
        losses = implicit_exchange(ztilde, key, bank, self.temperature)
        return weighted(losses, self.loss_weight)


def weighted(losses: Dict, weight: float) -> Dict:
    """Losses times a weight."""
    if weight == 1:
        return losses
    return {key: weight * loss for key, loss in losses.items()}
