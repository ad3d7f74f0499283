from typing import Dict, Optional, Sequence

import torch
import torch.nn.functional as F
from mmaction.registry import MODELS
from mmengine.model import BaseModule, ModuleDict
from torch import Tensor

from ..encoder import ModalityEncoder, load_encoder
from ..losses import embedding_statistics, explicit_exchange
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
        pretrained (str, optional): Checkpoint of their pre-training, every
            parameter of which is taken. It is read when a training begins
            or is resumed, not to test. Defaults to None.
        prefix (str): Where the checkpoint has the encoder and projector of a
            modality. Defaults to ``'query.{modality}.'``.

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
    ) -> None:
        super().__init__()
        if not modalities:
            raise ValueError('a teacher has at least one modality')
        self.encoder = ModuleDict(
            {v: ModalityEncoder(backbone, neck) for v in modalities}
        ).requires_grad_(False)
        self.channels = {v: neck['out_channels'] for v in modalities}
        self.pretrained = pretrained
        self.prefix = prefix

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
        for v, encoder in self.encoder.items():
            load_encoder(
                encoder, self.pretrained, self.prefix.format(modality=v)
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
        z = {v: encoder(inputs[v]) for v, encoder in self.encoder.items()}
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
        teacher (dict): Arguments of :class:`Teacher`.
        backbone (dict): Encoder f, one a student.
        neck (dict): Projector of the students, whose ``out_channels`` are the
            sum of the teacher's.
        data_preprocessor (dict): A :class:`ModalityDataPreprocessor` with the
            modalities of the teacher and the students.
        modalities (sequence[str]): Modalities u of the students.
        form (str): ``'release'``, the loss of the explicit exchange, or
            ``'paper'`` (Eq. 7). Defaults to ``'release'``.
        bank_size (int): Keys K of the memory banks. Defaults to 32768.
        bank_init (str): ``'random'`` or ``'empty'``. Defaults to
            ``'random'``.
        temperature (float): tau of the loss. Defaults to 0.07.
        topk (int): Neighbours that are positives. Defaults to 1.
        init_cfg (dict, optional): Initialization. Defaults to None.

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
        temperature: float = 0.07,
        topk: int = 1,
        init_cfg: Optional[Dict] = None,
    ) -> None:
        super().__init__(
            backbone, neck, data_preprocessor, modalities, init_cfg
        )
        self.teacher = Teacher(**teacher)
        channels = self.teacher.channels
        derived = self.data_preprocessor.modalities
        absent = sorted({*self.modalities, *channels} - set(derived))
        if absent:
            raise ValueError(
                f'{absent} are not derived: add them to the modalities of '
                f'the data preprocessor, which has {derived}'
            )
        width = sum(channels.values())
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
        self.temperature = temperature
        self.topk = topk

    def loss(self, inputs: Dict[str, Tensor]) -> Dict[str, Tensor]:
        """Losses ``L_u``, the average over v of ``L_{v->u}``, and what shows a
        collapse: the teacher sees view 0, the students see view 1."""
        z_t = self.teacher({v: x[:, 0] for v, x in inputs.items()})
        f = self.extract_feat(inputs, view=1)
        z = {u: self.query[u].project(f[u]) for u in self.modalities}
        losses = self.distill(z, z_t)
        target = dict.fromkeys(z, z_t[TEACHER])
        bank = dict.fromkeys(z, self.bank[TEACHER])
        losses.update(embedding_statistics(z, target, bank))
        self.bank.enqueue(z_t)
        return losses

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
        sources = list(self.teacher.channels)
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
        return {
            f'loss_distill_{u}': sum(
                losses[student[u], source[v]] for v in sources
            )
            / len(sources)
            for u in z
        }
