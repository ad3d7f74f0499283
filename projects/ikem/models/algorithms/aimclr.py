from typing import Dict, List, Union

from mmaction.registry import MODELS
from torch import Tensor

from ..attention_drop import drop_attended
from ..encoder import Embedded, Features, pool_stack, unit
from ..losses import aimclr, by_width
from ..persons import present
from .base import begun, require_beginning
from .skeleton_clr import SkeletonCLR


@MODELS.register_module()
class AimCLR(SkeletonCLR):
    """Contrast with extreme augmentations, and mined neighbours.

    `Contrastive Learning from Extremely Augmented Skeleton Sequences for
    Self-supervised Action Recognition <https://arxiv.org/abs/2112.03590>`_
    (AAAI 2022). Three views of a clip: an extreme one, and two normal ones
    for query and key. The extreme view is embedded plainly, and after a drop
    of the features that attention points at; both learn the distribution
    over the bank that the normal query has, which alone is contrasted. From
    the mining on, the nearest slots of the bank are positives as well.

    Args:
        mining_begin (float | int): Where the mining begins: a share of the
            training, a float from 0 to 1, or a number of epochs, an int.
            Defaults to 0.5.
        neighbours (int): Nearest slots that each of the three embeddings
            adds to the positives. Defaults to 1.
        shared_neighbours (bool): Whether the modalities, of one training,
            share what they mined. Defaults to False.
        distribution_weight (float): Factor of the losses of the extreme view.
            Defaults to 0.5.
        attention_threshold (float): Attention from which features of the
            extreme view are dropped. Defaults to 0.7.
        exchange_replaces (bool): Whether exchanges take the place of these
            losses. Defaults to False.
        **kwargs: Further arguments of :class:`SkeletonCLR`.

    Raises:
        ValueError: If an argument is out of its range.
    """

    num_views = 3

    def __init__(
        self,
        *args,
        mining_begin: Union[float, int] = 0.5,
        neighbours: int = 1,
        shared_neighbours: bool = False,
        distribution_weight: float = 0.5,
        attention_threshold: float = 0.7,
        exchange_replaces: bool = False,
        **kwargs,
    ) -> None:
        super().__init__(*args, exchange_replaces=exchange_replaces, **kwargs)
        require_beginning('mining_begin', mining_begin)
        if not 1 <= neighbours <= self.bank.size:
            raise ValueError(
                f'neighbours are 1 to {self.bank.size} slots (bank_size), got '
                f'{neighbours}: mining_begin=1.0 leaves the mining out'
            )
        if distribution_weight < 0:
            raise ValueError(
                'distribution_weight is not negative, got '
                f'{distribution_weight}'
            )
        self.mining_begin = mining_begin
        self.neighbours = neighbours
        self.shared_neighbours = shared_neighbours
        self.distribution_weight = distribution_weight
        self.attention_threshold = attention_threshold
        self.mining = False

    def set_progress(self, epoch: float, max_epochs: float) -> None:
        """See :class:`PretrainingModel`; also begins the mining."""
        super().set_progress(epoch, max_epochs)
        self.mining = begun(self.mining_begin, epoch, max_epochs)

    def embed(self, views: List[Features]) -> Embedded:
        """View 0 is the extreme one; queries see view 1, keys view 2."""
        extreme, *normal = views
        e = super().embed(normal)
        plain, dropped, persons = {}, {}, present(extreme)
        for names, F in self.query.stacks(extreme):
            drop = drop_attended(F, self.attention_threshold, persons=persons)
            f, f_dropped = (
                pool_stack(F, persons),
                pool_stack(F * drop, persons),
            )
            plain.update(zip(names, f.unbind(1)))
            dropped.update(zip(names, f_dropped.unbind(1)))
        extra = dict(
            extreme=unit(self.query.project(plain)),
            dropped=unit(self.query.project(dropped)),
        )
        return e._replace(extra=extra)

    def objective(self, e: Embedded) -> Dict[str, Tensor]:
        """Contrast and both distribution losses of each modality."""
        losses = by_width(
            aimclr,
            e.z,
            e.extra['extreme'],
            e.extra['dropped'],
            e.key,
            self.bank,
            temperature=self.temperature,
            neighbours=self.neighbours if self.mining else 0,
            shared=self.shared_neighbours,
        )
        named = {}
        for u, (contrast, extreme, dropped) in losses.items():
            named[f'loss_{u}'] = contrast
            named[f'loss_extreme_{u}'] = self.distribution_weight * extreme
            named[f'loss_dropped_{u}'] = self.distribution_weight * dropped
        return named
