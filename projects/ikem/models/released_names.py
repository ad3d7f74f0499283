"""Names and shapes in released checkpoints, and where ours come from.

The released IKEM, CrosSCLR, AimCLR and SkeletonCLR hold one ``encoder_q`` and
one ``encoder_k`` a modality, their queues, and for IKEM the second MLPs
(``mlp2j``, ...).
"""

from dataclasses import dataclass
from functools import cache
from typing import Dict, List, Set, Tuple

import torch
from torch import Tensor

from .algorithms import IKEM, SkeletonCLR
from .classifiers import SkeletonClassifier

# Endings of encoder_q, encoder_k and queue, and of mlp2 and encoder_student_.
ENDINGS = {
    'joint': ('', 'j'),
    'motion': ('_motion', 'm'),
    'bone': ('_bone', 'b'),
    'acceleration': ('_acceleration', 'a'),
    'rotation_axis': ('_rotation_axis', 'r'),
    'angular_velocity': ('_omega', 'o'),
}
STUDENTS = ('joint', 'motion', 'bone')
_BLOCK = {
    'gcn.conv': 'gcn.conv',
    'gcn.bn': 'tcn.0',
    'tcn.conv': 'tcn.2',
    'tcn.bn': 'tcn.3',
    'residual.conv': 'residual.0',
    'residual.bn': 'residual.1',
}


@dataclass(frozen=True)
class Released:
    """What a released checkpoint holds.

    Args:
        kind (str): ``'ikem'``; ``'crossclr'``, which is IKEM without second
            MLPs; ``'skeletonclr'``, the same with one modality (SkeletonCLR,
            AimCLR); ``'encoder'``, one query encoder alone; ``'linear'``,
            encoders with classifiers; ``'distillation'``.
        modalities (tuple[str]): Our names of the modalities.
        bank_size (int): Keys K of each queue. Defaults to 32768.
        num_classes (int): Classes of ``'linear'``. Defaults to 60.
        key (str): The encoder that our key encoder is taken from. Defaults to
            ``'encoder_k'``.
    """

    kind: str
    modalities: Tuple[str, ...]
    bank_size: int = 32768
    num_classes: int = 60
    key: str = 'encoder_k'

    @property
    def data_preprocessor(self) -> Dict:
        """dict: Arguments of :class:`ModalityDataPreprocessor` with which the
        released encoders were trained. (Classifiers on distilled encoders
        cannot be told from others; those take ``'ntu-25'`` as well.)"""
        settings = dict(modalities=list(self.modalities))
        if self.kind == 'distillation':
            return dict(settings, layout='ntu-25')
        if set(self.modalities) <= set(STUDENTS):
            return dict(
                settings, layout='ntu-25-crossclr', use_time_scale=False
            )
        return dict(settings, layout='ntu-25', rotation_axis='raw')

    def encoder(self, prefix: str, modality: str) -> str:
        """Name of an encoder or queue; one alone has no ending."""
        one = len(self.modalities) == 1
        return prefix + ('' if one else ENDINGS[modality][0])


@cache
def our_shapes(released: Released) -> Dict[str, torch.Size]:
    """Our keys and their shapes, from the models themselves."""
    backbone = dict(type='SlimSTGCN')
    data = dict(
        type='mmaction.ModalityDataPreprocessor',
        modalities=released.modalities,
    )
    hidden, out = (768, 768) if released.kind == 'distillation' else (256, 128)
    neck = dict(
        type='MLPProjector',
        in_channels=256,
        hid_channels=hidden,
        out_channels=out,
    )
    with torch.device('meta'):
        if released.kind == 'linear':
            model = SkeletonClassifier(backbone, released.num_classes, data)
        else:
            algorithm = IKEM if released.kind == 'ikem' else SkeletonCLR
            model = algorithm(
                backbone, neck, data, bank_size=released.bank_size
            )
    shapes = {name: v.shape for name, v in model.state_dict().items()}
    if released.kind in ('distillation', 'encoder'):
        return {k: v for k, v in shapes.items() if k.startswith('query.')}
    return shapes


def sources_of(released: Released) -> Dict[str, Tuple[str, ...]]:
    """The released keys that each of ours is taken from."""
    return {name: _source(name, released) for name in our_shapes(released)}


def _source(name: str, released: Released) -> Tuple[str, ...]:
    top, *rest = name.split('.')
    if top == 'bank':
        if rest[0] == 'filled':
            return ()
        if rest[0] == 'pointer':
            us, queue = released.modalities, 'queue_ptr'
        else:
            us, queue = [rest[0][len('keys_') :]], 'queue'
        return tuple(released.encoder(queue, u) for u in us)
    if top == 'exchanges':  # exchanges.1.projector.joint.mlp.0.weight
        _, _, u, _, *rest = rest
        return ('.'.join([f'mlp2{ENDINGS[u][1]}', *rest]),)
    u, *rest = rest
    encoder = released.encoder(
        released.key if top == 'key' else 'encoder_q', u
    )
    if released.kind == 'distillation':
        encoder = f'encoder_student_{ENDINGS[u][1]}'
    if top == 'backbone':
        return (f'{encoder}.{_encoder_key(rest)}',)
    if top in ('head', 'fused_head'):
        return ('.'.join([encoder, 'fc', *rest]),)
    if rest[0] == 'neck':  # query.joint.neck.mlp.0.weight
        return ('.'.join([encoder, 'fc', *rest[2:]]),)
    return (f'{encoder}.{_encoder_key(rest[1:])}',)


def _encoder_key(parts: List[str]) -> str:
    """Of ``gcn.3.tcn.bn.weight``: ``st_gcn_networks.3.tcn.3.weight``."""
    if parts[0] == 'data_bn':
        return '.'.join(parts)
    _, i, *module, last = parts
    if last == 'A':
        return 'A'
    if last == 'PA':
        return f'edge_importance.{i}'
    return f'st_gcn_networks.{i}.{_BLOCK[".".join(module)]}.{last}'


def droppable(released: Released) -> Set[str]:
    """Released keys without counterpart: the teacher of a distillation."""
    if released.kind != 'distillation':
        return set()
    teacher = sources_of(Released('crossclr', tuple(ENDINGS)))
    return {'queue_teacher', 'queue_ptr_teacher'} | {
        name
        for ours, names in teacher.items()
        for name in names
        if not ours.startswith('key.')
    }


def turn(name: str, value: Tensor, back: bool = False) -> Tensor:
    """A value of the released key ``name`` as ours is laid out: queues (D, K)
    to (K, D), pointers (1, ) to (); or ``back``."""
    if name.startswith('queue_ptr') and value.numel() == 1:
        return value.reshape(1) if back else value.reshape(())
    if name.startswith('queue') and value.dim() == 2:
        return value.t().contiguous()
    return value
