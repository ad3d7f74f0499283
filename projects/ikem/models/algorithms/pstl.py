import inspect
from typing import Dict, List, Optional

import torch
from mmaction.registry import MODELS
from torch import Tensor

from ..batch_views import BatchViews
from ..data_preprocessor import JOINTS, TIME_SCALE
from ..encoder import Embedded, Features, unit
from ..losses import barlow_twins
from ..masking import (
    calm_frames,
    central_joints,
    entries_of_bones,
    take_frames,
)
from ..persons import PERSONS
from ..ranks import draw_per_clip, draw_together
from .base import PretrainingModel


@MODELS.register_module()
class PSTL(PretrainingModel):
    """Partial clips of which the embeddings correlate with the whole clip's.

    `Self-supervised Action Representation Learning from Partial
    Spatio-Temporal Skeleton Sequences <https://arxiv.org/abs/2302.09018>`_
    (AAAI 2023). Of each clip one encoder sees three views: the anchor; a
    temporal one, without the frames that move most and some others
    (motion-attention temporal masking); and a spatial one, from whose graph
    joints are taken, central ones the more often (central spatial masking).
    Barlow Twins draws the anchor and each partial view together. There are no
    negatives and no key encoder; exchanges need an ``exchange_space``, in
    which both partial views look for the key of the anchor.

    The pipeline gives the clip as it is: views are drawn here, by default
    once for a batch, as in the release.

    Args:
        weight (float): lambda, weight of the correlations off the diagonal.
            Defaults to 2e-4, for projectors of 6144 channels.
        masked_joints (int): Entries of the joints that are drawn to leave the
            graph. Defaults to 8.
        distinct_joints (bool): Whether as many joints leave it, also where
            some are drawn twice. Defaults to False.
        masked_frames (int): F; the F frames that move most are left out, and
            F others at random. Defaults to 10.
        attention (str, optional): The modality by which frames move;
            ``'own'`` lets each modality leave out frames of its own. Defaults
            to None, which is ``'own'`` for one modality, and the first one
            for several, so that all see one view.
        stream_first (bool, optional): Whether modalities are derived from the
            clip and then augmented, all in the same way, as in the release;
            False derives them from augmented joints. Defaults to None, which
            is True for one modality, and False for several.
        views (dict, optional): Arguments of :class:`BatchViews`, such as
            ``dict(per_clip=True)``, which holds for the frames that are left
            out at random too. Joints leave the graph of a whole batch.
        exchange_replaces (bool): Whether exchanges take the place of these
            losses. Defaults to False.
        **kwargs: Further arguments of :class:`PretrainingModel`.

    Raises:
        ValueError: If an argument is out of its range, or joints are to leave
            the graph of a backbone that keeps them all.
    """

    num_views = 1

    def __init__(
        self,
        *args,
        weight: float = 2e-4,
        masked_joints: int = 8,
        distinct_joints: bool = False,
        masked_frames: int = 10,
        attention: Optional[str] = None,
        stream_first: Optional[bool] = None,
        views: Optional[Dict] = None,
        exchange_space: Optional[Dict] = None,
        exchange_replaces: bool = False,
        **kwargs,
    ) -> None:
        if exchange_space is not None:
            exchange_space = dict(exchange_space, key_view=0)  # the anchor
        super().__init__(
            *args,
            exchange_space=exchange_space,
            exchange_replaces=exchange_replaces,
            **kwargs,
        )
        self.layout = self.data_preprocessor.layout
        self.views = BatchViews(3, self.layout, **(views or {}))
        several = len(self.modalities) > 1
        if stream_first is None:
            stream_first = not several
        self.stream_first = stream_first
        self.data_preprocessor.keep_joints |= not stream_first
        self.weight = weight
        self.masked_joints = masked_joints
        self.distinct_joints = distinct_joints
        self.masked_frames = masked_frames
        if attention is None:
            attention = self.modalities[0] if several else 'own'
        self.attention = attention
        self._check()

    def _check(self) -> None:
        V = self.layout.num_joints
        if self.weight < 0:
            raise ValueError(f'weight is not negative, got {self.weight}')
        if not 0 <= self.masked_joints < V or self.masked_frames < 0:
            raise ValueError(
                f'masked_joints are 0 to {V - 1} of the {V} joints, '
                'masked_frames not negative, got masked_joints='
                f'{self.masked_joints}, masked_frames={self.masked_frames}'
            )
        if self.attention not in ('own', *self.modalities):
            raise ValueError(
                "attention is 'own' or a modality that is trained, one of "
                f'{list(self.modalities)}, got {self.attention!r}'
            )
        for backbone in self.query.backbones.values():
            takes = inspect.signature(backbone.forward).parameters
            if self.masked_joints and 'joints' not in takes:
                raise ValueError(
                    f'{type(backbone).__name__} keeps all joints in its '
                    'graph: set backbone.type=SlimSTGCN, or masked_joints=0 '
                    'to train without central spatial masking'
                )

    def draw_views(self, clips: Features) -> List[Features]:
        """Three augmented views of clips (N, M, T, V, C)."""
        numbers = self.views.draw(len(clips[self.modalities[0]]))
        if self.stream_first:
            streams = {
                u: self.views(clips[u], numbers) for u in self.modalities
            }
        else:
            joints = self.views(clips[JOINTS], numbers)
            streams = self.data_preprocessor.derive(joints, clips[TIME_SCALE])
        views = zip(*(streams[u].unbind(1) for u in self.modalities))
        given = {k: v for k, v in clips.items() if k == PERSONS}
        return [{**dict(zip(self.modalities, x)), **given} for x in views]

    def draw_joints(self) -> Optional[List[int]]:
        """Joints that stay in the graph, or None for all."""
        if not self.masked_joints:
            return None
        numbers = draw_together(len(entries_of_bones(self.layout)))
        return central_joints(
            self.layout, numbers, self.masked_joints, self.distinct_joints
        )

    def mask_frames(self, clips: Features) -> Features:
        """Clips (N, M, T, V, C) of those frames that are kept.

        Raises:
            ValueError: If none are.
        """
        N, _, T, *_ = clips[self.modalities[0]].shape
        F = self.masked_frames
        if not F:
            return clips
        if T <= 2 * F:
            raise ValueError(
                f'of clips of {T} frames none is left without 2 x {F}: set '
                f'model.masked_frames to {(T - 1) // 2} or less'
            )
        if self.views.per_clip:
            numbers = draw_per_clip(N, T - F)
        else:
            numbers = draw_together(T - F)
        if self.attention != 'own':
            frames = calm_frames(clips[self.attention], numbers, F)
            frames = dict.fromkeys(self.modalities, frames)
        else:
            frames = {
                u: calm_frames(clips[u], numbers, F) for u in self.modalities
            }
        taken = {u: take_frames(clips[u], x) for u, x in frames.items()}
        return {**clips, **taken}

    def embed(self, views: List[Features]) -> Embedded:
        """Draw and embed the anchor, the temporal and the spatial view."""
        (clips,) = views
        joints = self.draw_joints()
        anchor, temporal, spatial = self.draw_views(clips)
        temporal = self.mask_frames(temporal)
        f = [
            self.query.features(anchor),
            self.query.features(temporal),
            self.query.features(spatial, joints),
        ]
        z = [self.query.project(x) for x in f]
        partial = {u: torch.cat([f[1][u], f[2][u]]) for u in self.modalities}
        extra = dict(clip=anchor, anchor=z[0], temporal=z[1], spatial=z[2])
        key = unit({u: x.detach() for u, x in z[1].items()})
        return Embedded(partial, unit(z[0]), key=key, extra=extra)

    def objective(self, e: Embedded) -> Dict[str, Tensor]:
        """Barlow Twins of the anchor and each partial view."""
        return {
            f'loss_{view}_{u}': barlow_twins(
                e.extra['anchor'][u], e.extra[view][u], self.weight
            )
            for view in ('temporal', 'spatial')
            for u in self.modalities
        }

    def exchange(
        self, e: Embedded, views: List[Features]
    ) -> Dict[str, Tensor]:
        """Mean losses of the partial views; keys are those of the anchor."""
        return super().exchange(e, [e.extra['clip']])
