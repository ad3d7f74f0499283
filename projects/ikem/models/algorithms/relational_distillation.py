from typing import Any, Dict, List, Optional, Sequence

import torch
import torch.nn.functional as F
from mmaction.registry import MODELS
from mmengine.model import BaseModule
from torch import Tensor

from projects.ikem.loading import load_encoders

from ..encoder import Embedded, Encoders, Features, unit
from ..losses import embedding_statistics, explicit_exchange, mean_over_sources
from ..memory_bank import MemoryBank
from .base import PretrainingModel

TEACHER = 'teacher'  # the bank of z^t, beside those of its modalities


class Teacher(BaseModule):
    """The trained encoders of several modalities, which stay as they are.

    They get no gradient, and stay in eval mode.

    Args:
        modalities (sequence[str]): Modalities v.
        backbone (dict): Their encoder f.
        neck (dict): Their projector g.
        pretrained (str, optional): Checkpoint of their pre-training, or its
            work dir, every parameter of which is taken. It is read when a
            training begins or is resumed, not to test. Defaults to None.
        prefix (str): Where the checkpoint has the encoder and projector of a
            modality. Defaults to ``'query.{modality}.'``.
        neck_prefix (str): Where a checkpoint has the projectors instead, if
            its exchanges had projectors of their own. Defaults to
            ``'exchange_space.neck.{modality}.'``.
        layout (str | dict | SkeletonLayout, optional): Skeleton layout of a
            backbone that has none of its own. Defaults to None.
        skip_absent (bool): That of the data preprocessor, see
            :func:`load_encoders`. Defaults to False.

    Raises:
        ValueError: If there is no modality.
    """

    def __init__(
        self,
        modalities: Sequence[str],
        backbone: Dict,
        neck: Dict,
        pretrained: Optional[str] = None,
        prefix: str = 'query.{modality}.',
        neck_prefix: str = 'exchange_space.neck.{modality}.',
        layout: Optional[Any] = None,
        skip_absent: bool = False,
    ) -> None:
        super().__init__()
        self.encoder = Encoders(modalities, backbone, neck, layout)
        self.encoder.requires_grad_(False)
        self.pretrained = pretrained
        self.prefix = prefix
        self.neck_prefix = neck_prefix
        self.skip_absent = skip_absent

    def init_weights(self) -> None:
        """Load the encoders.

        Raises:
            ValueError: If no checkpoint is given.
            FileNotFoundError: If there is no such checkpoint.
            RuntimeError: If a parameter is missing, left over or misshapen.
        """
        if self.pretrained is None:
            raise ValueError(
                'a teacher has to be trained: give the checkpoint of its '
                'pre-training as model.teacher.pretrained'
            )
        load_encoders(
            self.encoder,
            self.pretrained,
            (self.prefix,),
            self.neck_prefix,
            self.skip_absent,
        )

    def train(self, mode: bool = True) -> 'Teacher':
        """Stay in eval mode."""
        return super().train(False)

    @torch.no_grad()
    def forward(self, inputs: Dict[str, Tensor]) -> Dict[str, Tensor]:
        """Embeddings of clips.

        Args:
            inputs (dict[str, Tensor]): Clips (N, M, T, V, C) by modality.

        Returns:
            dict[str, Tensor]: ``z_v`` of shape (N, D_v) by modality, and
            under :data:`TEACHER` ``z^t = normalize(concat_v z_v)``.
        """
        z = self.encoder(inputs)
        z[TEACHER] = F.normalize(torch.cat(list(z.values()), 1), dim=1)
        return z


@MODELS.register_module()
class RelationalDistillation(PretrainingModel):
    """Distill the relations that many modalities know into few.

    "Elevating Skeleton-Based Action Recognition with Efficient Multi-Modality
    Self-Supervision" (IKEM, ICASSP 2024), relational cross-modality knowledge
    distillation. A student u embeds the second view where the teacher,
    ``z^t``, embeds the first one, and its relations to earlier clips,
    ``s_i^u = z^u . m_i^t``, follow those that each of the teacher's
    modalities finds, ``s_i^v = z_v . m_i^v``.

    Args:
        teacher (dict): Arguments of :class:`Teacher`; its ``backbone`` is that
            of the students unless given.
        backbone (dict): Encoder f, one per student.
        neck (dict): Projector of the students. Its ``out_channels`` are the
            sum of the teacher's, its ``hid_channels`` as many by default.
        data_preprocessor (dict): A :class:`ModalityDataPreprocessor` with the
            modalities of the teacher and the students.
        modalities (sequence[str]): Modalities u of the students.
        form (str): ``'release'``, the loss of the explicit exchange, or
            ``'paper'`` (Eq. 7). Defaults to ``'release'``.
        bank_size (int): Keys K of the memory banks. Defaults to 32768.
        bank_init (str): ``'random'`` or ``'empty'``. Defaults to
            ``'random'``.
        topk (int): Neighbours that are positives. Defaults to 1.
        **kwargs: Further arguments of :class:`PretrainingModel`.

    Raises:
        ValueError: If a modality is not derived, the widths do not fit, or
            there is no such form.
    """

    def __init__(
        self,
        teacher: Dict,
        backbone: Dict,
        neck: Dict,
        data_preprocessor: Dict,
        modalities: Sequence[str],
        form: str = 'release',
        bank_size: int = 32768,
        bank_init: str = 'random',
        topk: int = 1,
        **kwargs,
    ) -> None:
        channels = dict.fromkeys(
            teacher['modalities'], teacher['neck']['out_channels']
        )
        width = sum(channels.values())
        neck = {'hid_channels': width, 'out_channels': width, **neck}
        super().__init__(
            backbone, neck, data_preprocessor, modalities, **kwargs
        )
        self.teacher = Teacher(
            **{
                'backbone': backbone,
                'layout': self.data_preprocessor.layout,
                'skip_absent': self.data_preprocessor.skip_absent,
                **teacher,
            }
        )
        derived = self.data_preprocessor.modalities
        used = {*self.modalities, *channels}
        absent = sorted(used - set(derived))
        if absent:
            raise ValueError(
                f'{absent} are not derived: add them to the modalities of '
                f'the data preprocessor, which has {derived}'
            )
        if neck['out_channels'] != width:
            raise ValueError(
                f'students embed where the teacher does, in {width} '
                f'dimensions: set neck.out_channels={width}, not '
                f'{neck["out_channels"]}'
            )
        if form not in ('release', 'paper'):
            raise ValueError(f"form is 'release' or 'paper', got {form!r}")
        self.bank = MemoryBank(
            {**channels, TEACHER: width}, bank_size, bank_init
        )
        self.form = form
        self.topk = topk

    def embed(self, views: List[Features]) -> Embedded:
        """The teacher sees view 0, the students see view 1."""
        z_t = self.teacher(views[0])
        f = self.query.features(views[1])
        z = unit(self.query.project(f))
        key = dict.fromkeys(z, z_t[TEACHER])
        return Embedded(f, z, key=key, extra={TEACHER: z_t})

    def objective(self, e: Embedded) -> Dict[str, Tensor]:
        """Losses ``L_u``, the average over v of ``L_{v->u}``."""
        return self.distill(e.z, e.extra[TEACHER])

    def keys_of(self, e: Embedded) -> Features:
        """The teacher's embeddings."""
        return e.extra[TEACHER]

    def statistics(self, e: Embedded) -> Dict[str, Tensor]:
        """Signs of a collapse of the students."""
        bank = dict.fromkeys(e.z, self.bank[TEACHER])
        return embedding_statistics(e.z, e.key, bank)

    def distill(
        self, z: Dict[str, Tensor], z_t: Dict[str, Tensor]
    ) -> Dict[str, Tensor]:
        """Losses of the embeddings of students and teacher.

        Args:
            z (dict[str, Tensor]): Students, of shape (N, sum_v D_v).
            z_t (dict[str, Tensor]): Teacher, see :meth:`Teacher.forward`.

        Returns:
            dict[str, Tensor]: ``loss_distill_{u}`` by student.
        """
        sources = list(self.teacher.encoder)
        # a student and a source may be of one modality
        student = {u: ('student', u) for u in z}
        source = {v: ('teacher', v) for v in sources}
        losses = explicit_exchange(
            {
                **{student[u]: z[u] for u in z},
                **{source[v]: z_t[v] for v in sources},
            },
            dict.fromkeys(student.values(), z_t[TEACHER]),
            {
                **dict.fromkeys(student.values(), self.bank[TEACHER]),
                **{source[v]: self.bank[v] for v in sources},
            },
            [(student[u], source[v]) for u in z for v in sources],
            self.temperature,
            self.topk,
            form=self.form,
        )
        losses = mean_over_sources(losses)
        return {f'loss_distill_{u}': losses[student[u]] for u in z}
