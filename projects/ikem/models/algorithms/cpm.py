from typing import Dict, Optional, Union

from mmaction.registry import MODELS
from torch import Tensor

from ..encoder import Embedded
from ..losses import by_width, similarity_distribution
from .base import begun, require_beginning
from .skeleton_clr import SkeletonCLR


@MODELS.register_module()
class CPM(SkeletonCLR):
    """Similarity distributions, and positives mined from the bank.

    In the style of `Contrastive Positive Mining for Unsupervised 3D Action
    Representation Learning <https://arxiv.org/abs/2208.03497>`_ (ECCV 2022),
    which has no released code; what its abstract leaves open follows ReSSL
    (NeurIPS 2021) or is a choice of ours. It is no reproduction.

    The query of a clip learns the distribution of similarities to the bank
    that its key has. From the positive-enhanced learning (PEL) on, the slots
    most similar to the key count as the clip itself.

    Args:
        query_temperature (float): Temperature of the query's distribution.
            Defaults to 0.1.
        key_temperature (float): That of the key's, lower. Defaults to 0.05.
        include_self (bool): Whether the own key takes part in both
            distributions, as the most similar entry. Defaults to True.
        positives (int): Slots that are mined. Defaults to 100.
        pel (str): ``'raise'`` sets the similarity of the positives to 1;
            ``'add'`` contrasts them beside the distributions. Defaults to
            ``'raise'``.
        pel_begin (float | int): Where PEL begins: a share of the training, a
            float from 0 to 1, or a number of epochs, an int. Defaults to 0.5.
        max_similarity (float, optional): Slots more similar to the key than
            that, such as older keys of the same clip, are left out of the
            target and the mining. Defaults to None.
        exchange_replaces (bool): Whether exchanges take the place of this
            loss. Defaults to False.
        **kwargs: Further arguments of :class:`SkeletonCLR`; ``temperature``
            is that of the exchanges.

    Raises:
        ValueError: If an argument is out of its range.
    """

    def __init__(
        self,
        *args,
        query_temperature: float = 0.1,
        key_temperature: float = 0.05,
        include_self: bool = True,
        positives: int = 100,
        pel: str = 'raise',
        pel_begin: Union[float, int] = 0.5,
        max_similarity: Optional[float] = None,
        exchange_replaces: bool = False,
        **kwargs,
    ) -> None:
        super().__init__(*args, exchange_replaces=exchange_replaces, **kwargs)
        require_beginning('pel_begin', pel_begin)
        if pel not in ('raise', 'add'):
            raise ValueError(f"pel is 'raise' or 'add', got {pel!r}")
        if min(query_temperature, key_temperature) <= 0:
            raise ValueError(
                'temperatures are positive, got query_temperature='
                f'{query_temperature}, key_temperature={key_temperature}'
            )
        if not 0 <= positives <= self.bank.size:
            raise ValueError(
                f'positives are slots of the bank, 0 to {self.bank.size} '
                f'(bank_size), got {positives}'
            )
        self.options = dict(
            query_temperature=query_temperature,
            key_temperature=key_temperature,
            include_self=include_self,
            pel=pel,
            max_similarity=max_similarity,
        )
        self.positives = positives
        self.pel_begin = pel_begin
        self.mining = False

    def set_progress(self, epoch: float, max_epochs: float) -> None:
        """See :class:`PretrainingModel`; also begins the mining."""
        super().set_progress(epoch, max_epochs)
        self.mining = begun(self.pel_begin, epoch, max_epochs)

    def objective(self, e: Embedded) -> Dict[str, Tensor]:
        """Loss of each modality; once positives are mined also
        ``positive_mass_{u}``, the share of the target distribution that lies
        on them."""
        values = by_width(
            similarity_distribution,
            e.z,
            e.key,
            self.bank,
            positives=self.positives if self.mining else 0,
            **self.options,
        )
        losses = {f'loss_{u}': loss for u, (loss, _) in values.items()}
        if self.mining:
            losses.update(
                {f'positive_mass_{u}': mass for u, (_, mass) in values.items()}
            )
        return losses
