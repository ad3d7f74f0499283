from copy import deepcopy
from typing import Dict, List, Optional, Sequence, Tuple, Union

import torch
from mmaction.registry import MODELS
from mmengine.model import BaseModel, ModuleList
from mmengine.optim import OptimWrapper
from torch import Tensor

from ..encoder import Embedded, Encoders, Features
from ..exchange_space import ExchangeSpace
from ..losses import embedding_statistics, weighted
from ..memory_bank import MemoryBank
from ..modalities import MODALITIES
from ..moving_average import update_average


def require_beginning(name: str, begin: Union[float, int]) -> None:
    """Refuse what :func:`begun` cannot read.

    Args:
        name (str): What begins, as an argument is called.
        begin (float | int): Where.

    Raises:
        ValueError: If it is no share of the training and no epoch.
    """
    if (
        not isinstance(begin, (int, float))
        or begin < 0
        or (isinstance(begin, float) and begin > 1)
    ):
        raise ValueError(
            f'{name} is a share of the training from 0.0 to 1.0, or a number '
            f'of epochs without a decimal point, got {begin!r}'
        )


def begun(begin: Union[float, int], epoch: float, max_epochs: float) -> bool:
    """Whether a stage has begun.

    Args:
        begin (float | int): Where: a share of the training, a float, or a
            number of epochs, an int.
        epoch (float): Epochs that are done.
        max_epochs (float): Epochs of the training.
    """
    if isinstance(begin, float):
        begin *= max_epochs
    return epoch >= begin


class PretrainingModel(BaseModel):
    """Encoders that are trained without labels, one per modality.

    An algorithm says which views it takes (:attr:`num_views`), how it embeds
    them (:meth:`embed`), its loss of each modality alone (:meth:`objective`)
    and, where these are not its keys, what its bank keeps (:meth:`keys_of`).
    Key encoders, a bank and exchanges between modalities come by arguments,
    and :meth:`loss` is the same for all.

    Args:
        backbone (dict): Encoder f, one per modality.
        neck (dict): Projector g.
        data_preprocessor (dict): A :class:`ModalityDataPreprocessor`, whose
            layout those backbones follow that have none of their own.
        modalities (sequence[str], optional): Modalities that get an encoder.
            Defaults to those of the data preprocessor.
        momentum (float, optional): Weight m of the key encoders in their
            moving average, ``key = m * key + (1 - m) * query``; None for no
            key encoders. Defaults to None.
        bank_size (int, optional): Keys K of the memory bank; None for no
            bank. Defaults to None.
        bank_init (str): ``'random'`` or ``'empty'``. Defaults to
            ``'random'``.
        temperature (float): tau, also of exchanges that have none of their
            own. Defaults to 0.07.
        exchanges (sequence[dict | str]): Exchanges between the modalities,
            or their types alone, see ``models/exchange.py``; their losses are
            summed. Defaults to none.
        exchange_begin (float | int): Where the exchanges begin: a share of
            the training, a float from 0 to 1, or a number of epochs, an int.
            Defaults to 0.5.
        exchange_replaces (bool): Whether the exchanges take the place of the
            objective; False adds them to it. Defaults to True.
        exchange_weight (float): Factor of the losses of all exchanges.
            Defaults to 1.
        exchange_space (dict, optional): Arguments of :class:`ExchangeSpace`,
            the neck, key encoders and bank that the exchanges use in place of
            the algorithm's. Defaults to None.
        frozen_keys (sequence[str]): Modalities whose key encoders stop their
            moving average once the exchanges begin; those that are not
            trained are ignored. Defaults to none.
        init_cfg (dict, optional): Initialization. Defaults to None.

    Raises:
        ValueError: If exchanges have less than two modalities, no bank or no
            possible beginning, or a frozen key is no modality.
    """

    num_views = 2
    # whether the moving average moves after the forward passes of a step
    momentum_after = False

    def __init__(
        self,
        backbone: Dict,
        neck: Dict,
        data_preprocessor: Dict,
        modalities: Optional[Sequence[str]] = None,
        momentum: Optional[float] = None,
        bank_size: Optional[int] = None,
        bank_init: str = 'random',
        temperature: float = 0.07,
        exchanges: Sequence[Union[Dict, str]] = (),
        exchange_begin: Union[float, int] = 0.5,
        exchange_replaces: bool = True,
        exchange_weight: float = 1.0,
        exchange_space: Optional[Dict] = None,
        frozen_keys: Sequence[str] = (),
        init_cfg: Optional[Dict] = None,
    ) -> None:
        super().__init__(data_preprocessor, init_cfg)
        self.modalities = tuple(
            modalities or self.data_preprocessor.modalities
        )
        layout = self.data_preprocessor.layout
        self.query = Encoders(self.modalities, backbone, neck, layout)
        self.momentum = momentum
        self.key = self.bank = None
        if momentum is not None:
            self.key = deepcopy(self.query).requires_grad_(False)
        if bank_size is not None:
            channels = dict.fromkeys(self.modalities, neck['out_channels'])
            self.bank = MemoryBank(channels, bank_size, bank_init)
        self.temperature = temperature
        self.frozen_keys = tuple(frozen_keys)
        self.exchange_begin = exchange_begin
        self.exchange_replaces = exchange_replaces
        self.exchange_weight = exchange_weight
        self.exchange_space = None
        if exchange_space is not None:
            self.exchange_space = ExchangeSpace(
                self.query, **{'temperature': temperature, **exchange_space}
            )
        self.exchanges = self._build_exchanges(exchanges)
        self.exchanging = False
        self.begins_step = self.ends_step = True

    def _build_exchanges(
        self, exchanges: Sequence[Union[Dict, str]]
    ) -> ModuleList:
        unknown = sorted({*self.frozen_keys} - {*MODALITIES, *self.modalities})
        if unknown:
            raise ValueError(
                f'frozen_keys has {unknown}, which are no modalities: choose '
                f'from {list(MODALITIES)}'
            )
        require_beginning('exchange_begin', self.exchange_begin)
        if not exchanges:
            return ModuleList()
        if len(self.modalities) < 2:
            raise ValueError(
                'knowledge is exchanged between at least two modalities, got '
                f'{self.modalities}: leave out the exchanges, as SkeletonCLR '
                'does'
            )
        bank = (self.exchange_space or self).bank
        if bank is None:
            raise ValueError(
                f'{type(self).__name__} has no bank of the keys of its '
                'modalities to exchange by: set exchange_space'
            )
        given = dict(
            channels={u: bank.channels[u] for u in self.modalities},
            in_channels=self.query.feature_channels,
        )
        default = dict(temperature=self.temperature)
        return ModuleList(
            [
                MODELS.build(
                    {
                        **default,
                        **(dict(type=cfg) if isinstance(cfg, str) else cfg),
                        **given,
                    }
                )
                for cfg in exchanges
            ]
        )

    # What an algorithm defines

    def embed(self, views: List[Features]) -> Embedded:
        """Embed the views, each a dict of clips (N, M, T, V, C)."""
        raise NotImplementedError

    def objective(self, e: Embedded) -> Dict[str, Tensor]:
        """Losses of each modality alone, by name."""
        raise NotImplementedError

    def keys_of(self, e: Embedded) -> Features:
        """Keys that the bank keeps, of shape (N, D)."""
        return e.key

    def statistics(self, e: Embedded) -> Dict[str, Tensor]:
        """Signs of a collapse, logged beside the losses."""
        return embedding_statistics(e.z, e.key, self.bank)

    # What all share

    def loss(self, inputs: Dict[str, Tensor]) -> Dict[str, Tensor]:
        """Losses of a batch, and what is logged beside them, by name.

        Args:
            inputs (dict[str, Tensor]): Views of each modality, of shape
                (N, views, M, T, V, C).
        """
        views = [
            {u: x[:, i] for u, x in inputs.items()}
            for i in range(self.num_views)
        ]
        if self.begins_step and not self.momentum_after:
            self.update_keys()
        with self.query.several_passes():
            e = self.embed(views)
        losses = {}
        if not (self.exchanging and self.exchange_replaces):
            losses.update(self.objective(e))
        losses.update(self.exchange(e, views))
        losses.update(self.statistics(e))
        if self.bank is not None:
            self.bank.enqueue(self.keys_of(e), write=self.ends_step)
        if self.ends_step and self.momentum_after:
            self.update_keys()
        return losses

    def exchange(
        self, e: Embedded, views: List[Features]
    ) -> Dict[str, Tensor]:
        """Losses of the exchanges, once they have begun."""
        space, bank, losses = self.exchange_space, self.bank, {}
        if space is not None:
            e, bank = space(e, views), space.bank
            if not self.exchanging:
                losses.update(space.objective(e))
        if self.exchanging:
            for exchange in self.exchanges:
                losses.update(exchange(e, bank))
        if space is not None:
            bank.enqueue(space.keys_of(e), write=self.ends_step)
        return weighted(losses, self.exchange_weight)

    def update_keys(self) -> None:
        """Move the key encoders, which keep norm statistics of their own."""
        if self.key is not None:
            update_average(self.key, self.query, self.momentum, self.moving)
        if self.exchange_space is not None:
            self.exchange_space.update_keys(self.query, self.moving)

    @property
    def moving(self) -> List[str]:
        """list[str]: Modalities whose key encoders follow their queries."""
        frozen = self.frozen_keys if self.exchanging else ()
        return [u for u in self.modalities if u not in frozen]

    def set_progress(self, epoch: float, max_epochs: float) -> None:
        """Set what depends on how far the training is.

        Args:
            epoch (float): Epochs that are done.
            max_epochs (float): Epochs of the training.
        """
        self.exchanging = self.exchanges_at(epoch, max_epochs)

    def exchanges_at(self, epoch: float, max_epochs: float) -> bool:
        """Whether the modalities exchange; arguments of
        :meth:`set_progress`."""
        return bool(self.exchanges) and begun(
            self.exchange_begin, epoch, max_epochs
        )

    def set_accumulation(self, optim_wrapper: OptimWrapper) -> None:
        """Find out where the next batch stands in an optimiser's step.

        Keys move before the first batch of a step and the banks are written
        after its last one, so that accumulating gradients over several
        batches equals one large batch.

        Args:
            optim_wrapper (OptimWrapper): What accumulates the gradients.
        """
        done = optim_wrapper._inner_count
        counts = optim_wrapper._accumulative_counts
        last = optim_wrapper._max_counts
        self.begins_step = done % counts == 0
        self.ends_step = (done + 1) % counts == 0 or done + 1 == last

    def parse_losses(
        self, losses: Dict[str, Tensor]
    ) -> Tuple[Tensor, Dict[str, Tensor]]:
        """Sum of the losses, and all by name, see mmengine's ``BaseModel``;
        scalars are summed by one operation."""
        if any(not isinstance(x, Tensor) or x.dim() for x in losses.values()):
            return super().parse_losses(losses)
        total = [x for name, x in losses.items() if 'loss' in name]
        total = torch.stack(total).sum()
        return total, {'loss': total, **losses}

    def train_step(
        self, data: Dict, optim_wrapper: OptimWrapper
    ) -> Dict[str, Tensor]:
        """A step of the training, see mmengine's ``BaseModel``."""
        self.set_accumulation(optim_wrapper)
        return super().train_step(data, optim_wrapper)

    def init_weights(self) -> None:
        """Initialize the query encoders and copy them to the key encoders."""
        super().init_weights()
        if self.key is not None:
            self.key.load_state_dict(self.query.state_dict())
        if self.exchange_space is not None:
            self.exchange_space.copy_keys(self.query)

    def compile(self, **kwargs) -> None:
        """Compile the encoders, by the arguments of ``torch.compile``."""
        for module in self.modules():
            if isinstance(module, Encoders):
                module.compile(**kwargs)

    def forward(
        self,
        inputs: Dict[str, Tensor],
        data_samples: Optional[List] = None,
        mode: str = 'tensor',
    ) -> Dict[str, Tensor]:
        """Losses or features of a batch.

        Args:
            inputs (dict[str, Tensor]): Views of each modality, of shape
                (N, views, M, T, V, C).
            data_samples (list, optional): Data samples. Defaults to None.
            mode (str): ``'loss'``, or ``'tensor'``, features of the first
                view. Defaults to ``'tensor'``.

        Raises:
            ValueError: If there is no such mode, or a loss gets another
                number of views.
        """
        if mode == 'tensor':
            return self.extract_feat(inputs)
        if mode != 'loss':
            raise ValueError(
                f"mode is 'loss' or 'tensor', got {mode!r}: evaluate "
                'the encoders with a SkeletonClassifier'
            )
        got = {x.size(1) for x in inputs.values()}
        if got != {self.num_views}:
            raise ValueError(
                f'{type(self).__name__} takes {self.num_views} views of a '
                f'clip, got {sorted(got)}: add MultiView(num_views='
                f'{self.num_views}, ...) to the pipeline'
            )
        return self.loss(inputs)

    def extract_feat(self, inputs: Dict[str, Tensor]) -> Dict[str, Tensor]:
        """Features f of the first view by modality, of shape (N, D)."""
        return self.query.features({u: x[:, 0] for u, x in inputs.items()})
