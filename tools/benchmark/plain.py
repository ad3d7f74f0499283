"""The method as it is usually written, which the benchmarks compare with.

Modalities by loops over clips and joints, the toolbox's own blocks, one pass
a modality, a moving average parameter by parameter, the logits of each pair
of modalities with a mask of positives, banks copied and written by slices.
Weights and banks are those of a model of projects.ikem. The tests compare its
modalities, losses, gradients and steps with these.
"""

from copy import deepcopy
from itertools import permutations
from typing import Callable, Dict, Hashable, Iterable, Tuple

import torch
import torch.nn.functional as F
from mmaction.registry import MODELS
from mmengine.model import BaseDataPreprocessor, BaseModel
from torch import Tensor, nn

from projects.ikem.models import ModalityDataPreprocessor
from projects.ikem.models.algorithms import RelationalDistillation, SkeletonCLR
from projects.ikem.models.algorithms.relational_distillation import TEACHER
from projects.ikem.models.backbones import SlimSTGCN
from projects.ikem.models.encoder import ModalityEncoder
from projects.ikem.models.exchange import ExplicitExchange, ImplicitExchange
from projects.ikem.models.memory_bank import MemoryBank
from projects.ikem.models.modalities import MODALITIES
from projects.ikem.skeletons import SkeletonLayout

Embeddings = Dict[Hashable, Tensor]


def joint(x: Tensor, gamma: float, layout: SkeletonLayout) -> Tensor:
    return x


def motion(x: Tensor, gamma: float, layout: SkeletonLayout) -> Tensor:
    m = torch.zeros_like(x)
    m[..., :-1, :, :] = (x[..., 1:, :, :] - x[..., :-1, :, :]) / gamma
    return m


def acceleration(x: Tensor, gamma: float, layout: SkeletonLayout) -> Tensor:
    a = motion(motion(x, gamma, layout), gamma, layout)
    a[..., -2:, :, :] = 0
    return a


def bone(x: Tensor, gamma: float, layout: SkeletonLayout) -> Tensor:
    b = torch.zeros_like(x)
    for v, parent in enumerate(layout.parents):
        b[..., v, :] = x[..., v, :] - x[..., parent, :]
    if layout.torso is not None:
        p, q, r = layout.torso
        normal = torch.linalg.cross(
            x[..., p, :] - x[..., q, :], x[..., r, :] - x[..., q, :]
        )
        b[..., layout.root, :] = F.normalize(normal, dim=-1)
    return b


def rotation_axis(x: Tensor, gamma: float, layout: SkeletonLayout) -> Tensor:
    b = bone(x, gamma, layout)
    r = torch.zeros_like(b)
    for i, j in enumerate(layout.hinges):
        if i != layout.root:
            product = torch.linalg.cross(b[..., i, :], b[..., j, :])
            r[..., i, :] = F.normalize(product, dim=-1)
    return r


def angular_velocity(
    x: Tensor, gamma: float, layout: SkeletonLayout
) -> Tensor:
    b = bone(x, gamma, layout)
    omega = torch.zeros_like(b)
    for i, j in enumerate(layout.hinges):
        if i == layout.root:
            continue
        u_i = F.normalize(b[..., i, :], dim=-1)
        u_j = F.normalize(b[..., j, :], dim=-1)
        product = torch.linalg.cross(u_i, u_j)
        theta = torch.atan2(product.norm(dim=-1), (u_i * u_j).sum(-1))
        speed = (theta[..., 1:] - theta[..., :-1]) / gamma
        r = F.normalize(product, dim=-1)
        omega[..., :-1, i, :] = r[..., :-1, :] * speed[..., None]
    return omega


_PAPER = (joint, motion, bone, acceleration, rotation_axis, angular_velocity)
DERIVE: Dict[str, Callable[[Tensor, float, SkeletonLayout], Tensor]] = {
    function.__name__: function for function in _PAPER
}


class PlainPreprocessor(BaseDataPreprocessor):
    """Modalities of a batch of ``pseudo_collate``, clip by clip."""

    def __init__(self, ours: ModalityDataPreprocessor) -> None:
        super().__init__()
        self.modalities = ours.modalities
        self.layout = ours.layout
        self.use_time_scale = ours.use_time_scale

    def forward(self, data: Dict, training: bool = False) -> Dict:
        data = self.cast_data(data)
        clips = {u: [] for u in self.modalities}
        for x, sample in zip(data['inputs'], data['data_samples']):
            gamma = sample.time_scale if self.use_time_scale else 1.0
            for u, derived in clips.items():
                derived.append(DERIVE[u](x, gamma, self.layout))
        inputs = {u: torch.stack(derived) for u, derived in clips.items()}
        return dict(inputs=inputs, data_samples=data['data_samples'])


def plain_backbone(ours: nn.Module) -> nn.Module:
    """A backbone in the toolbox's own blocks."""
    if not isinstance(ours, SlimSTGCN):
        return deepcopy(ours)
    graph, blocks = ours.graph, ours.gcn
    layout = {k: getattr(graph, k) for k in ('num_node', 'inward', 'center')}
    dropout = blocks[1].tcn.drop.p
    backbone = MODELS.build(
        dict(
            type='STGCN',
            graph_cfg=dict(layout=layout, mode='stgcn_spatial'),
            in_channels=blocks[0].gcn.in_channels,
            base_channels=blocks[0].gcn.out_channels,
            tcn_dropout=dropout,
        )
    )
    last = blocks[-1].gcn
    backbone.gcn[-1] = type(backbone.gcn[-1])(
        last.in_channels,
        last.out_channels,
        torch.tensor(graph.A, dtype=torch.float32),
        tcn_dropout=dropout,
    )
    backbone.load_state_dict(ours.state_dict())
    return backbone


class PlainEncoder(nn.Module):
    def __init__(self, ours: ModalityEncoder) -> None:
        super().__init__()
        self.backbone = plain_backbone(ours.backbone)
        self.neck = deepcopy(ours.neck)

    def extract_feat(self, x: Tensor) -> Tensor:
        return self.backbone(x).mean((-2, -1)).mean(1)

    def project(self, f: Tensor) -> Tensor:
        return F.normalize(self.neck(f), dim=1)

    def forward(self, x: Tensor) -> Tensor:
        return self.project(self.extract_feat(x))


def plain_encoders(ours: nn.ModuleDict) -> nn.ModuleDict:
    return nn.ModuleDict(
        {u: PlainEncoder(encoder) for u, encoder in ours.items()}
    )


class PlainBank(nn.Module):
    """Banks that are full, and written by slices."""

    def __init__(self, ours: MemoryBank) -> None:
        super().__init__()
        for name in ours.modalities:
            self.register_buffer(name, ours[name].clone())
        self.size = ours.size
        self.pointer = int(ours.pointer)

    def __getitem__(self, name: str) -> Tensor:
        return getattr(self, name).clone().detach()

    @torch.no_grad()
    def write(self, keys: Dict[str, Tensor]) -> None:
        for name, key in keys.items():
            room = min(len(key), self.size - self.pointer)
            end = self.pointer + room
            getattr(self, name)[self.pointer : end] = key[:room]
            getattr(self, name)[: len(key) - room] = key[room:]
        self.pointer = (self.pointer + len(key)) % self.size


def plain_info_nce(
    z: Tensor, zhat: Tensor, bank: Tensor, temperature: float
) -> Tensor:
    own = (z * zhat).sum(1, keepdim=True)
    logits = torch.cat([own, z @ bank.T], 1) / temperature
    labels = torch.zeros(len(z), dtype=torch.long, device=z.device)
    return F.cross_entropy(logits, labels)


def plain_exchange(
    z: Embeddings,
    zhat: Embeddings,
    bank: Embeddings,
    pairs: Iterable[Tuple[Hashable, Hashable]],
    temperature: float = 0.07,
    topk: int = 1,
    context: bool = True,
    form: str = 'release',
) -> Dict[Tuple[Hashable, Hashable], Tensor]:
    """Masked mean of -log softmax over the logits of each pair, or in the
    form of Eq. 7 -log of the masked sum of the softmax."""
    s = {u: z[u] @ bank[u].T for u in z}
    losses = {}
    for u, v in pairs:
        own = (z[u] * zhat[u]).sum(1, keepdim=True)
        negatives = [s[u]] if form == 'release' else []
        negatives += [s[u] * s[v]] if context else []
        logits = torch.cat([own, *negatives], 1) / temperature
        top = torch.zeros_like(s[v])
        top.scatter_(1, s[v].topk(topk).indices, 1)
        mask = torch.cat([torch.ones_like(own), *[top] * len(negatives)], 1)
        log_softmax = logits.log_softmax(1)
        if form == 'release':
            log = (log_softmax * mask).sum(1) / mask.sum(1)
        else:
            log = (log_softmax.exp() * mask).sum(1).log()
        losses[u, v] = -log.mean()
    return losses


class PlainModel(BaseModel):
    """What pre-training and distillation have in common."""

    def __init__(self, ours: BaseModel) -> None:
        derived = ours.data_preprocessor
        if derived.functions != MODALITIES:
            raise ValueError(
                'modalities other than those of the paper have no plain form: '
                'use --no-plain'
            )
        super().__init__(PlainPreprocessor(derived))
        self.modalities = ours.modalities
        self.temperature = ours.temperature
        self.query = plain_encoders(ours.query)
        self.bank = PlainBank(ours.bank)

    def forward(self, inputs, data_samples=None, mode='loss'):
        return self.loss(inputs)

    def extract_feat(
        self, inputs: Dict[str, Tensor], view: int = 0
    ) -> Dict[str, Tensor]:
        return {
            u: self.query[u].extract_feat(inputs[u][:, view])
            for u in self.modalities
        }


class PlainPretraining(PlainModel):
    def __init__(self, ours: SkeletonCLR) -> None:
        super().__init__(ours)
        self.key = plain_encoders(ours.key)
        self.key.requires_grad_(False)
        self.momentum = ours.momentum
        self.exchanging = ours.exchanging
        self.frozen_keys = ours.frozen_keys
        # for their numbers and projectors
        self.exchanges = deepcopy(ours.exchanges)

    def loss(self, inputs: Dict[str, Tensor]) -> Dict[str, Tensor]:
        f = self.extract_feat(inputs)
        z = {u: self.query[u].project(f[u]) for u in self.modalities}
        zhat = self.encode_keys(inputs)
        losses = self.contrast(f, z, zhat)
        self.bank.write(zhat)
        return losses

    @torch.no_grad()
    def encode_keys(self, inputs: Dict[str, Tensor]) -> Dict[str, Tensor]:
        for u in self.modalities:
            if self.exchanging and u in self.frozen_keys:
                continue
            for key, query in zip(
                self.key[u].parameters(), self.query[u].parameters()
            ):
                m = self.momentum
                key.data = key.data * m + query.data * (1 - m)
        return {u: self.key[u](inputs[u][:, 1]) for u in self.modalities}

    def contrast(
        self, f: Embeddings, z: Embeddings, zhat: Embeddings
    ) -> Dict[str, Tensor]:
        bank = {u: self.bank[u] for u in self.modalities}
        if not self.exchanging:
            t = self.temperature
            return {
                f'loss_{u}': plain_info_nce(z[u], zhat[u], bank[u], t)
                for u in self.modalities
            }
        losses = {}
        for exchange in self.exchanges:
            if isinstance(exchange, ExplicitExchange):
                losses.update(self.explicit(exchange, z, zhat, bank))
            elif isinstance(exchange, ImplicitExchange):
                losses.update(self.implicit(exchange, f, zhat, bank))
            else:
                raise ValueError(
                    f'{type(exchange).__name__} has no plain form: '
                    'use --no-plain'
                )
        return losses

    def explicit(
        self,
        exchange: ExplicitExchange,
        z: Embeddings,
        zhat: Embeddings,
        bank: Embeddings,
    ) -> Dict[str, Tensor]:
        pairs = list(permutations(self.modalities, 2))
        losses = plain_exchange(z, zhat, bank, pairs, **exchange.loss.options)
        return {
            f'loss_explicit_{u}': torch.stack(
                [losses[pair] for pair in pairs if pair[0] == u]
            ).mean()
            for u in self.modalities
        }

    def implicit(
        self,
        exchange: ImplicitExchange,
        f: Embeddings,
        zhat: Embeddings,
        bank: Embeddings,
    ) -> Dict[str, Tensor]:
        losses = {}
        zhat_c = F.normalize(torch.cat(list(zhat.values()), 1), dim=1)
        bank_c = F.normalize(torch.cat(list(bank.values()), 1), dim=1)
        for u in self.modalities:
            ztilde = F.normalize(exchange.projector[u](f[u]), dim=1)
            losses[f'loss_implicit_{u}'] = plain_info_nce(
                ztilde, zhat_c, bank_c, exchange.loss.temperature
            )
        return losses


class PlainDistillation(PlainModel):
    def __init__(self, ours: RelationalDistillation) -> None:
        super().__init__(ours)
        self.teacher = PlainTeacher(plain_encoders(ours.teacher.encoder))
        self.topk = ours.topk
        self.form = ours.form

    def loss(self, inputs: Dict[str, Tensor]) -> Dict[str, Tensor]:
        z_t = self.teacher({v: x[:, 0] for v, x in inputs.items()})
        f = self.extract_feat(inputs, view=1)
        z = {u: self.query[u].project(f[u]) for u in self.modalities}
        losses = self.distill(z, z_t)
        self.bank.write(z_t)
        return losses

    def distill(self, z: Embeddings, z_t: Embeddings) -> Dict[str, Tensor]:
        # a student and a teacher may be of one modality
        student = {u: ('student', u) for u in self.modalities}
        sources = [v for v in z_t if v != TEACHER]
        losses = plain_exchange(
            {**z_t, **{student[u]: z[u] for u in student}},
            dict.fromkeys(student.values(), z_t[TEACHER]),
            {
                **{v: self.bank[v] for v in z_t},
                **dict.fromkeys(student.values(), self.bank[TEACHER]),
            },
            [(student[u], v) for u in student for v in sources],
            self.temperature,
            self.topk,
            form=self.form,
        )
        return {
            f'loss_distill_{u}': torch.stack(
                [losses[student[u], v] for v in sources]
            ).mean()
            for u in student
        }


class PlainTeacher(nn.Module):
    def __init__(self, encoder: nn.ModuleDict) -> None:
        super().__init__()
        self.encoder = encoder.requires_grad_(False)

    @torch.no_grad()
    def forward(self, inputs: Dict[str, Tensor]) -> Dict[str, Tensor]:
        self.eval()
        z = {v: encoder(inputs[v]) for v, encoder in self.encoder.items()}
        z[TEACHER] = F.normalize(torch.cat(list(z.values()), 1), dim=1)
        return z


def plain_form(ours: BaseModel) -> PlainModel:
    """A model's plain form, with its weights and banks.

    Args:
        ours (BaseModel): A pre-training or a distillation.

    Raises:
        ValueError: If it has none.
    """
    if isinstance(ours, SkeletonCLR):
        return PlainPretraining(ours)
    if isinstance(ours, RelationalDistillation):
        return PlainDistillation(ours)
    raise ValueError(
        f'{type(ours).__name__} has no plain form: use --no-plain'
    )
