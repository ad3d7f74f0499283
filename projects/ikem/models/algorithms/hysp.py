from typing import Dict, List, Optional, Union

import torch
from mmaction.registry import MODELS
from torch import Tensor, nn

from ..encoder import Embedded, Features, Projectors, unit
from ..losses.hyperbolic import exp0, limits, pace, paced_distance
from .base import PretrainingModel, require_beginning


@MODELS.register_module()
class HYSP(PretrainingModel):
    """BYOL in the Poincare ball.

    `Hyperbolic Self-Paced Learning for Self-Supervised Skeleton-based Action
    Representations <https://arxiv.org/abs/2303.06242>`_ (ICLR 2023). Of a
    strong and a normal view, the query encoder with a predictor says what the
    key encoder, its moving average, makes of the other one. Both are mapped
    into the ball; over some epochs the loss moves from their cosine distance
    to their Poincare distance, whose gradient is larger for embeddings far
    from the centre, the certain ones.

    Args:
        backbone (dict): Encoder f, one per modality.
        neck (dict): Projector g, such as :class:`BatchNormMLP`.
        data_preprocessor (dict): A :class:`ModalityDataPreprocessor`.
        predictor (dict, optional): Fields of the predictor that differ from a
            :class:`BatchNormMLP` of the neck's channels. Defaults to None.
        momentum (float): Weight m of the key encoders in their moving
            average, which moves after the forward passes. Defaults to 0.999.
        pace_begin (float | int): Up to where the loss is the cosine distance:
            a share of the training, a float from 0 to 1, or a number of
            epochs, an int. Defaults to 49.
        pace_end (float | int): From where it is the Poincare distance.
            Defaults to 99.
        form (str): ``'artanh'``, the distance as the release computes it,
            capped at 16.81 where its gradient is 0, or ``'arcosh'``, without
            a cap, see :func:`distance`. Defaults to ``'artanh'``.
        target_dropout (bool): Whether key encoders have dropout. Defaults to
            True.
        exchange_replaces (bool): Whether exchanges take the place of this
            loss. Defaults to False.
        **kwargs: Further arguments of :class:`PretrainingModel`. Exchanges
            need an ``exchange_space``, or a ``bank_size``, for which the
            keys are the directions of the key encoders' embeddings.

    Raises:
        ValueError: If an argument is out of its range.
    """

    momentum_after = True

    def __init__(
        self,
        backbone: Dict,
        neck: Dict,
        data_preprocessor: Dict,
        predictor: Optional[Dict] = None,
        momentum: float = 0.999,
        pace_begin: Union[float, int] = 49,
        pace_end: Union[float, int] = 99,
        form: str = 'artanh',
        target_dropout: bool = True,
        exchange_replaces: bool = False,
        **kwargs,
    ) -> None:
        super().__init__(
            backbone,
            neck,
            data_preprocessor,
            momentum=momentum,
            exchange_replaces=exchange_replaces,
            **kwargs,
        )
        require_beginning('pace_begin', pace_begin)
        require_beginning('pace_end', pace_end)
        if type(pace_begin) is type(pace_end) and pace_begin > pace_end:
            raise ValueError(
                f'pace_begin={pace_begin} is after pace_end={pace_end}'
            )
        if form not in ('artanh', 'arcosh'):
            raise ValueError(f"form is 'artanh' or 'arcosh', got {form!r}")
        d = neck['out_channels']
        like_neck = dict(
            type='BatchNormMLP',
            hid_channels=neck.get('hid_channels', d),
            out_channels=d,
        )
        self.predictor = Projectors(
            self.modalities, {**like_neck, **(predictor or {})}, d
        )
        self.pace_begin = pace_begin
        self.pace_end = pace_end
        self.form = form
        self.target_dropout = target_dropout
        self.share = 0.0

    def set_progress(self, epoch: float, max_epochs: float) -> None:
        """See :class:`PretrainingModel`; also sets the pace lambda."""
        super().set_progress(epoch, max_epochs)
        begin, end = (
            x * max_epochs if isinstance(x, float) else x
            for x in (self.pace_begin, self.pace_end)
        )
        if begin > end:  # one a share, the other an epoch
            raise ValueError(
                f'pace_begin={self.pace_begin} is after pace_end='
                f'{self.pace_end} in a training of {max_epochs} epochs'
            )
        self.share = pace(epoch, begin, end)

    def train(self, mode: bool = True) -> 'HYSP':
        """Key encoders may be without dropout."""
        super().train(mode)
        if not self.target_dropout:
            for module in self.key.modules():
                if isinstance(module, nn.Dropout):
                    module.eval()
        return self

    def embed(self, views: List[Features]) -> Embedded:
        """View 0 is the strong one; each is told from the other."""
        strong, normal = views
        f, f_normal = self.query.features(strong), self.query.features(normal)
        q, q_normal = (
            self.predictor(self.query.project(x)) for x in (f, f_normal)
        )
        with torch.no_grad():
            f_key = self.key.features(strong), self.key.features(normal)
            k, k_normal = (self.key.project(x) for x in f_key)
        points = dict(q=q, q_normal=q_normal, k=k, k_normal=k_normal)
        extra = {
            name: {u: exp0(v) for u, v in x.items()}
            for name, x in points.items()
        }
        return Embedded(f, unit(q), f_key[1], unit(k_normal), extra)

    def objective(self, e: Embedded) -> Dict[str, Tensor]:
        """Mean over both directions and the batch, of each modality."""
        h = e.extra
        losses = {}
        for u in self.modalities:
            loss = sum(
                paced_distance(h[q][u], h[k][u], self.share, self.form)
                for q, k in (('q', 'k_normal'), ('q_normal', 'k'))
            )
            losses[f'loss_{u}'] = loss.mean().to(e.z[u]) / 2
        return losses

    def statistics(self, e: Embedded) -> Dict[str, Tensor]:
        """Signs of a collapse; lambda as ``pace``; of the strong view, by
        modality, the mean ``radius_{u}`` of the points, and the shares
        ``clipped_{u}`` of them that lie on the border of the ball, and
        ``capped_{u}`` whose distance has no gradient."""
        statistics = super().statistics(e)
        for u in self.modalities:
            values = limits(e.extra['q'][u], e.extra['k_normal'][u])
            for name, value in values._asdict().items():
                statistics[f'{name}_{u}'] = value
        statistics['pace'] = e.z[u].new_tensor(self.share)
        return statistics
