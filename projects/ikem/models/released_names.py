"""Names in released checkpoints, a table.

The blocks of an encoder are named alike in all of them; :data:`LAYOUTS` has
what differs.
"""

from collections import ChainMap
from dataclasses import dataclass
from typing import Dict, Mapping, Optional, Sequence, Tuple

import torch
from mmaction.registry import MODELS
from torch import Tensor

# What stands for {end} and {letter} in the names of a modality.
ENDINGS = {
    'joint': ('', 'j'),
    'motion': ('_motion', 'm'),
    'bone': ('_bone', 'b'),
    'acceleration': ('_acceleration', 'a'),
    'rotation_axis': ('_rotation_axis', 'r'),
    'angular_velocity': ('_omega', 'o'),
}
_BLOCK = {
    'gcn.conv': 'gcn.conv',
    'gcn.bn': 'tcn.0',
    'tcn.conv': 'tcn.2',
    'tcn.bn': 'tcn.3',
    'residual.conv': 'residual.0',
    'residual.bn': 'residual.1',
}
# Arguments of our models that a released tensor tells: ours, its dimension.
_SIZES = {
    'bank_size': ('bank.keys_{modality}', 1),
    'num_classes': ('head.{modality}.weight', 0),
}


@dataclass(frozen=True)
class Layout:
    """How the checkpoints of one kind name what ours hold.

    Args:
        kind (str): What they are.
        mark (str): Regular expression of a key that tells them from those
            further down in :data:`LAYOUTS`.
        encoder (str): Name of their encoder of a modality, with ``{end}`` or
            ``{letter}``, as in the values of ``names``.
        names (dict[str, str]): Their prefix of names by ours, which have
            ``{modality}``. Other keys of our model are not made.
        model (dict): Config of our model, without its backbone and data
            preprocessor.
        settings (dict, optional): Arguments of
            :class:`ModalityDataPreprocessor` that the encoders were trained
            with; by default those of the release of their modalities.
        dropped (tuple[str]): Prefixes of what is left out.
        note (str): What there is to say about it.
    """

    kind: str
    mark: str
    encoder: str
    names: Mapping[str, str]
    model: Mapping
    settings: Optional[Mapping] = None
    dropped: Tuple[str, ...] = ()
    note: str = ''

    def shapes(
        self, state: Mapping[str, Tensor], modalities: Sequence[str]
    ) -> Dict[str, torch.Size]:
        """Shapes of our keys by name, from our model itself.

        Args:
            state (mapping[str, Tensor]): Their state dict, whose sizes count.
            modalities (sequence[str]): Its modalities.
        """
        config = dict(
            self.model,
            backbone=dict(type='SlimSTGCN'),
            data_preprocessor=dict(
                type='ModalityDataPreprocessor', modalities=modalities
            ),
            _scope_='mmaction',
        )
        for argument, (ours, i) in _SIZES.items():
            ours = ours.format(modality=modalities[0])
            for name in self.sources(ours, modalities):
                if name in state and state[name].dim() == 2:
                    config[argument] = state[name].size(i)
        with torch.device('meta'):
            ours = MODELS.build(config).state_dict()
        return {name: value.shape for name, value in ours.items()}

    def sources(self, name: str, modalities: Sequence[str]) -> Tuple[str, ...]:
        """Their keys that one of ours is taken from.

        Args:
            name (str): Our key.
            modalities (sequence[str]): Modalities of the checkpoint.
        """
        found = []
        for ours, theirs in self.names.items():
            for u in modalities:
                prefix = ours.format(modality=u)
                if f'{name}.'.startswith(f'{prefix}.'):
                    alone = len(modalities) == 1
                    rest = _rest(name[len(prefix) + 1 :])
                    found.append(fill(theirs, u, alone) + rest)
        return tuple(found)


def fill(theirs: str, modality: str, alone: bool = False) -> str:
    """A name of theirs; of a modality alone it has no ending."""
    end, letter = ENDINGS[modality]
    return theirs.format(end='' if alone else end, letter=letter)


def _rest(ours: str) -> str:
    """What follows a prefix, with its dot: of ``gcn.3.tcn.bn.weight``
    ``.st_gcn_networks.3.tcn.3.weight``."""
    if not ours.startswith('gcn.'):
        return f'.{ours}' if ours else ''
    _, i, *module, last = ours.split('.')
    if last == 'A':
        return '.A'
    if last == 'PA':
        return f'.edge_importance.{i}'
    return f'.st_gcn_networks.{i}.{_BLOCK[".".join(module)]}.{last}'


def _pretraining(
    kind: str,
    mark: str,
    *names: Mapping[str, str],
    encoder: str = 'encoder_q{end}',
    width: Tuple[int, int] = (256, 128),
    **options,
) -> Layout:
    """Of encoders with projectors of some hidden and output channels."""
    neck = dict(type='MLPProjector', in_channels=256)
    neck.update(hid_channels=width[0], out_channels=width[1])
    algorithm = 'IKEM' if kind == 'ikem' else 'SkeletonCLR'
    return Layout(
        kind,
        mark,
        encoder,
        dict(ChainMap(_projected(encoder), *names)),
        dict(type=algorithm, neck=neck),
        **options,
    )


def _linear(mark: str, encoder: str, **options) -> Layout:
    """Of encoders with linear heads."""
    return Layout(
        'linear',
        mark,
        encoder,
        {
            'backbone.{modality}': encoder,
            'head.{modality}': f'{encoder}.fc',
            'fused_head.{modality}': f'{encoder}.fc',
        },
        dict(type='SkeletonClassifier', num_classes=60),
        note='head.* and fused_head.* are the same, a modality has one head',
        **options,
    )


def _projected(theirs: str, ours: str = 'query') -> Dict[str, str]:
    return {
        f'{ours}.{{modality}}.backbone': theirs,
        f'{ours}.{{modality}}.neck.mlp': f'{theirs}.fc',
    }


_KEY = _projected('encoder_k{end}', 'key')
_COPY = _projected('encoder_q{end}', 'key')
_BANK = {
    'bank.keys_{modality}': 'queue{end}',
    'bank.pointer': 'queue_ptr{end}',
}
_MLP2 = {'exchanges.1.projector.{modality}.mlp': 'mlp2{letter}'}
_STUDENT = 'encoder_student_{letter}'
_NTU = dict(layout='ntu-25')

# The first one counts whose mark a checkpoint bears.
LAYOUTS = (
    _pretraining(
        'distillation',
        r'encoder_student_.\.fc\.0\.weight',
        encoder=_STUDENT,
        width=(768, 768),
        settings=_NTU,
        dropped=('encoder_q', 'queue'),
        note='teacher (encoder_q*) and queues dropped: they come from the '
        'pre-training, whose own checkpoint is to be converted',
    ),
    _linear(r'encoder_student_.\.fc\.weight', _STUDENT, settings=_NTU),
    _linear(r'encoder_q\.fc\.weight', 'encoder_q{end}'),
    _pretraining('ikem', r'mlp2.*', _KEY, _BANK, _MLP2),
    _pretraining('crossclr', r'encoder_q_.*', _KEY, _BANK),
    _pretraining('skeletonclr', r'encoder_k\..*', _KEY, _BANK),  # and AimCLR
    _pretraining(
        'skeletonclr',
        r'queue',
        _COPY,
        _BANK,
        note='key encoder copied from the query encoder, there is no '
        'encoder_k',
    ),
    _pretraining(
        'encoder',
        r'encoder_q\..*',
        note='no key encoder and no queue: for SkeletonClassifier('
        'pretrained=...), not to go on training',
    ),
)
