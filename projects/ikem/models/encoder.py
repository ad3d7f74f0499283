"""Encoders and projectors of several modalities, which run here alone."""

import inspect
from contextlib import contextmanager
from itertools import islice
from typing import (
    Any,
    Dict,
    Iterable,
    Iterator,
    List,
    Mapping,
    NamedTuple,
    Optional,
    Sequence,
    Tuple,
)

import torch
import torch.nn.functional as F
from mmaction.registry import MODELS
from mmengine.model import BaseModule, ModuleDict
from torch import Tensor, nn

from .backbones import SlimSTGCN
from .backbones.stgcn import encode, stgcn
from .necks.projector import is_plain, mlp
from .persons import gather, mean_over_persons, present, scatter
from .stacking import Stacked, has_hooks

Features = Dict[str, Tensor]
# Frames of all persons, clips and modalities that one pass takes on a CPU.
_FRAMES_ON_CPU = 4800


class Embedded(NamedTuple):
    """Embeddings of a batch; each field is a dict by modality.

    Attributes:
        f (dict[str, Tensor]): Features of the anchor view, (N, D).
        z (dict[str, Tensor]): Their embeddings, (N, D), of unit length where
            they are compared with a bank.
        f_key (dict[str, Tensor]): Features of the target view, constants.
        key (dict[str, Tensor]): Their embeddings, constants.
        extra (dict[str, dict[str, Tensor]]): What else an algorithm embeds,
            by its names, such as further views.
    """

    f: Features
    z: Features
    f_key: Features = {}
    key: Features = {}
    extra: Dict[str, Features] = {}


def pool(maps: Tensor, weight: Optional[Tensor] = None) -> Tensor:
    """Mean over frames and joints, then over persons.

    Args:
        maps (Tensor): Output of a backbone, of shape (N, M, D, T, V).
        weight (Tensor, optional): Factor of each element, such as a drop, a
            mask or an actionlet, that broadcasts against the maps. The mean
            counts all elements, as it does without. Defaults to None.

    Returns:
        Tensor: The feature f, of shape (N, D), in float32 also where
        autocast rounded the maps.
    """
    if weight is not None:
        maps = maps * weight
    # channels last, as our backbone's maps are, so that the gradient is too
    return pool_stack(maps.movedim(2, -1))


def pool_stack(maps: Tensor, persons: Optional[Tensor] = None) -> Tensor:
    """:func:`pool` of maps (N, M, T, V, ...), such as those of
    :meth:`Encoders.stacks`; returns (N, ...).

    Args:
        maps (Tensor): The maps.
        persons (Tensor, optional): Those who count, of shape (N, M), see
            :func:`mean_over_persons`. Defaults to all.
    """
    dtype = torch.promote_types(maps.dtype, torch.float32)
    return mean_over_persons(maps.mean((2, 3), dtype=dtype), persons)


def unit(z: Features) -> Features:
    """Embeddings of unit length, ``z / |z|`` over the last dimension."""
    if len({x.shape for x in z.values()}) > 1:
        return {u: F.normalize(x, dim=-1) for u, x in z.items()}
    x = F.normalize(torch.stack(list(z.values())), dim=-1)
    return dict(zip(z, x.unbind()))


def project(
    projectors: Mapping[str, nn.Module], f: Features, stacked: Stacked
) -> Features:
    """Projections g(f), not normalised, in float32 also under autocast.

    The temperature magnifies the rounding of similarities, and projectors
    cost next to nothing beside a backbone.

    Args:
        projectors (mapping[str, nn.Module]): g by modality.
        f (dict[str, Tensor]): Features (N, D) by modality.
        stacked (Stacked): The stack of the projectors.
    """
    g = projectors.values()
    device = next(iter(f.values())).device
    with torch.autocast(device.type, enabled=False):
        alone = torch.compiler.is_compiling() or not all(map(is_plain, g))
        p = None if alone else stacked(g)
        if p is None:
            return {u: g(f[u]) for u, g in projectors.items()}
        x = torch.stack([f[u] for u in projectors])
        return dict(zip(projectors, mlp(x, p).unbind()))


class Projectors(ModuleDict):
    """One projector, predictor or other head per modality.

    Args:
        modalities (iterable[str]): The modalities.
        cfg (dict): Config of a module that takes and returns (N, D).
        in_channels (int, optional): Its ``in_channels`` where the config has
            none. Defaults to None.

    Raises:
        ValueError: If neither says how many channels a feature has.
    """

    def __init__(
        self,
        modalities: Iterable[str],
        cfg: Dict,
        in_channels: Optional[int] = None,
    ) -> None:
        super().__init__({u: build_neck(cfg, in_channels) for u in modalities})
        self.stacked = Stacked()

    def forward(self, f: Features) -> Features:
        """Project features (N, D), see :func:`project`."""
        return project(self, f, self.stacked)


class ModalityEncoder(BaseModule):
    """Encoder f and projector g of one modality.

    Args:
        backbone (nn.Module): Takes (N, M, T, V, C), returns (N, M, D, T, V).
        neck (nn.Module): Takes and returns (N, D).
    """

    def __init__(self, backbone: nn.Module, neck: nn.Module) -> None:
        super().__init__()
        self.backbone = backbone
        self.neck = neck

    def forward(self, x: Tensor) -> Tensor:
        """Projection g(f) of clips (N, M, T, V, C), of shape (N, D)."""
        return self.neck(pool(self.backbone(x)))


class Encoders(ModuleDict):
    """The encoders of several modalities, the one place where they run.

    Slim ST-GCNs run as one pass of stacked tensors; hooks of their blocks are
    not called. Other backbones, and those that have a hook themselves, run
    one after the other.

    The entries are :class:`ModalityEncoder`, with names ``joint.backbone.*``
    and ``joint.neck.*``, or without a neck the backbones themselves.

    Args:
        modalities (sequence[str]): The modalities.
        backbone (dict): Config of any backbone that takes (N, M, T, V, C) and
            returns (N, M, D, T, V), such as the toolbox's ST-GCNs.
        neck (dict, optional): Config of a projector, whose ``in_channels``
            follow from a backbone with ``out_channels``. Defaults to None.
        layout (str | dict | SkeletonLayout, optional): Skeleton layout of
            backbones that take one and whose config has none. Defaults to
            None.

    Raises:
        ValueError: If there is no modality, or neither the neck nor the
            backbone says how many channels a feature has.

    Attributes:
        feature_channels (int, optional): Channels D of a feature; None if
            neither the neck nor the backbone says them.
    """

    def __init__(
        self,
        modalities: Sequence[str],
        backbone: Dict,
        neck: Optional[Dict] = None,
        layout: Optional[Any] = None,
    ) -> None:
        if not modalities:
            raise ValueError('encoders need at least one modality, got none')
        super().__init__()
        for u in modalities:
            module = build_backbone(backbone, layout)
            if neck is not None:
                channels = getattr(module, 'out_channels', None)
                module = ModalityEncoder(module, build_neck(neck, channels))
            self[u] = module
        self.modalities = tuple(modalities)
        self.has_neck = neck is not None
        self.stacked_backbones, self.stacked_necks = Stacked(), Stacked()
        self.compiled = None
        self.feature_channels = (neck or {}).get('in_channels') or getattr(
            self.backbones[modalities[0]], 'out_channels', None
        )

    @property
    def backbones(self) -> Dict[str, nn.Module]:
        """dict[str, nn.Module]: Backbones by modality."""
        return {u: m.backbone if self.has_neck else m for u, m in self.items()}

    def compile(self, **kwargs) -> None:
        """Compile the pass of the backbones, or each backbone where they do
        not run as one, by the arguments of ``torch.compile``."""
        self.compiled = torch.compile(stgcn, **kwargs)
        for backbone in self.backbones.values():
            backbone.compile(**kwargs)

    @contextmanager
    def several_passes(self) -> Iterator[None]:
        """For the passes of one step: their gradients add up in the stacks,
        see :meth:`Stacked.keep`."""
        with self.stacked_backbones.keep(), self.stacked_necks.keep():
            yield

    def _stacked_maps(
        self, x: Features, joints: Optional[Sequence[int]]
    ) -> Optional[List[Tensor]]:
        """Maps (N, M, T', V', U D) of one pass, or of one per part of the
        modalities, or None where there is none."""
        backbones = self.backbones.values()
        if torch.compiler.is_compiling() or any(
            type(b).forward is not SlimSTGCN.forward or has_hooks(b)
            for b in backbones
        ):
            return None
        clips = [x[u] for u in self.modalities]
        plan, *others = (backbone.plan for backbone in backbones)
        shape, *shapes = (clip.shape for clip in clips)
        if any(p != plan for p in others) or any(s != shape for s in shapes):
            return None
        next(iter(backbones)).check(clips[0])
        maps = []
        for part in parts_of(clips):
            p = self.stacked_backbones(backbones, part)
            if p is None:
                return None
            stacked = torch.stack(clips[part], 3)
            maps.append(encode(stacked, p, plan, joints, self.compiled))
        return maps

    def stacks(
        self, x: Features, joints: Optional[Sequence[int]] = None
    ) -> List[Tuple[Tuple[str, ...], Tensor]]:
        """Feature maps, those stacked that ran as one pass.

        Args:
            x (dict[str, Tensor]): Clips (N, M, T, V, C) of the modalities,
                and maybe ``persons``, see :func:`present`: those who are
                absent do not take part, and their maps are zero. Further
                entries are not used.
            joints (sequence[int], optional): The joints to keep in the graph,
                for backbones that take ``joints``. Defaults to all.

        Returns:
            list[tuple[tuple[str, ...], Tensor]]: U modalities and their maps,
            of shape (N, M, T', V, U, D), in order.

        Raises:
            ValueError: If persons are absent, and the backbone is of clips of
                a number of persons.
        """
        persons = present(x)
        stacks = self._stacks(self._only(x, persons), joints)
        if persons is None:
            return stacks
        return [(u, scatter(maps[:, 0], persons)) for u, maps in stacks]

    def _only(self, x: Features, persons: Optional[Tensor]) -> Features:
        """Each person who is there, as a clip (P, 1, T, V, C)."""
        if persons is None:
            return x
        for backbone in self.backbones.values():
            # the input norm of the toolbox's backbones
            if getattr(backbone, 'data_bn_type', None) == 'MVC':
                raise ValueError(
                    f'the input norm of {type(backbone).__name__} has '
                    'channels of each of several persons, none of whom can '
                    "be left out: set backbone.data_bn_type='VC', or "
                    'data_preprocessor.skip_absent=False'
                )
        return {u: gather(x[u], persons)[:, None] for u in self.modalities}

    def _stacks(
        self, x: Features, joints: Optional[Sequence[int]] = None
    ) -> List[Tuple[Tuple[str, ...], Tensor]]:
        """:meth:`stacks` of clips all of whose persons take part."""
        y = self._stacked_maps(x, joints)
        if y is not None:
            size = self.backbones[self.modalities[0]].out_channels
            y = [maps.unflatten(-1, (-1, size)) for maps in y]
            names = iter(self.modalities)
            return [(tuple(islice(names, m.size(-2))), m) for m in y]
        options = {} if joints is None else dict(joints=joints)
        y = {  # of one order of strides, or each would be compiled anew
            u: backbone(x[u].contiguous(), **options)
            for u, backbone in self.backbones.items()
        }
        return [((u,), m.movedim(2, -1)[..., None, :]) for u, m in y.items()]

    def maps(
        self, x: Features, joints: Optional[Sequence[int]] = None
    ) -> Features:
        """Feature maps (N, M, D, T', V) by modality; arguments of
        :meth:`stacks`."""
        return {
            u: maps.movedim(-1, 2)
            for names, stack in self.stacks(x, joints)
            for u, maps in zip(names, stack.unbind(-2))
        }

    def features(
        self, x: Features, joints: Optional[Sequence[int]] = None
    ) -> Features:
        """Features f of clips, of shape (N, D), the mean over the persons
        who take part; arguments of :meth:`stacks`."""
        persons = present(x)
        pooled = {}
        for names, maps in self._stacks(self._only(x, persons), joints):
            f = pool_stack(maps)
            if persons is not None:  # f of each person
                f = mean_over_persons(scatter(f, persons), persons)
            pooled.update(zip(names, f.unbind(1)))
        return pooled

    def project(self, f: Features) -> Features:
        """Projections g(f) of features (N, D), see :func:`project`."""
        necks = {u: encoder.neck for u, encoder in self.items()}
        return project(necks, f, self.stacked_necks)

    def forward(self, x: Features) -> Features:
        """Embeddings ``g(f) / |g(f)|`` of clips (N, M, T, V, C)."""
        return unit(self.project(self.features(x)))


def parts_of(clips: Sequence[Tensor]) -> List[slice]:
    """The modalities that run as one pass.

    All of them, except on a CPU, where the activations of more than
    :data:`_FRAMES_ON_CPU` frames leave the caches.

    Args:
        clips (sequence[Tensor]): Clips (N, M, T, V, C) of the modalities.
    """
    N, M, T = clips[0].shape[:3]
    size = len(clips)
    if clips[0].device.type == 'cpu':
        size = max(1, _FRAMES_ON_CPU // max(1, N * M * T))
    return [slice(i, i + size) for i in range(0, len(clips), size)]


def build_backbone(cfg: Dict, layout: Optional[Any] = None) -> nn.Module:
    """Build a backbone.

    Args:
        cfg (dict): Its config.
        layout (str | dict | SkeletonLayout, optional): Layout of a backbone
            that takes one where the config has none. Defaults to None.
    """
    takes = inspect.signature(MODELS.get(cfg['type']).__init__).parameters
    if layout is not None and 'layout' in takes:
        cfg = {'layout': layout, **cfg}
    return MODELS.build(cfg)


def build_neck(cfg: Dict, in_channels: Optional[int] = None) -> nn.Module:
    """Build a neck.

    Args:
        cfg (dict): Its config.
        in_channels (int, optional): Channels of the features where the config
            does not say them. Defaults to None.

    Raises:
        ValueError: If neither says them.
    """
    cfg = {'in_channels': in_channels, **cfg}
    if cfg['in_channels'] is None:
        raise ValueError(
            'the backbone does not say how many channels its features have: '
            'set in_channels of the neck'
        )
    return MODELS.build(cfg)
