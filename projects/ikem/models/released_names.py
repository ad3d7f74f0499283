"""Names in released checkpoints, a table.

The blocks of an encoder are named alike in all of them; :data:`LAYOUTS` has
what differs.
"""

from dataclasses import dataclass, field
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
        model (str): Our class of it. Defaults to ``'SkeletonCLR'``.
        backbone (dict): Arguments of their encoder, a ``SlimSTGCN``. Defaults
            to none.
        neck (str): Our class of the projectors of a pre-training. Defaults to
            ``'MLPProjector'``.
        width (tuple[int]): Their hidden and output channels. Defaults to
            (256, 128).
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
    model: str = 'SkeletonCLR'
    backbone: Mapping = field(default_factory=dict)
    neck: str = 'MLPProjector'
    width: Tuple[int, int] = (256, 128)
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
            type=self.model,
            _scope_='mmaction',
            backbone=dict(type='SlimSTGCN', **self.backbone),
            data_preprocessor=dict(
                type='ModalityDataPreprocessor', modalities=modalities
            ),
        )
        if self.model == 'SkeletonClassifier':
            config['num_classes'] = 60
        else:
            hidden, out = self.width
            config['neck'] = dict(
                type=self.neck, hid_channels=hidden, out_channels=out
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
                    # an encoder may be all there is
                    found.append((fill(theirs, u, alone) + rest).lstrip('.'))
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


def _projected(theirs: str, ours: str = 'query') -> Dict[str, str]:
    """Names of encoders with projectors."""
    return {
        f'{ours}.{{modality}}.backbone': theirs,
        f'{ours}.{{modality}}.neck.mlp': f'{theirs}.fc',
    }


def _linear(mark: str, encoder: str, **options) -> Layout:
    """Of encoders with linear heads."""
    names = {
        'backbone.{modality}': encoder,
        'head.{modality}': f'{encoder}.fc',
        'fused_head.{modality}': f'{encoder}.fc',
    }
    note = 'head.* and fused_head.* are the same, a modality has one head'
    options.update(model='SkeletonClassifier', note=note)
    return Layout('linear', mark, encoder, names, **options)


_Q, _STUDENT = 'encoder_q{end}', 'encoder_student_{letter}'
_ENCODER = _projected(_Q)
_BANK = {
    **_ENCODER,
    'bank.keys_{modality}': 'queue{end}',
    'bank.pointer': 'queue_ptr{end}',
}
_PRETRAINING = {**_BANK, **_projected('encoder_k{end}', 'key')}
_MLP2 = {'exchanges.1.projector.{modality}.mlp': 'mlp2{letter}'}
_NTU = dict(layout='ntu-25')
_HYSP = {
    'query.{modality}.backbone': 'model.online_encoder',
    'query.{modality}.neck.mlp': 'model.online_projector.net',
    'predictor.{modality}.mlp': 'model.online_predictor.net',
    'key.{modality}.backbone': 'model.target_encoder',
    'key.{modality}.neck.mlp': 'model.target_projector.net',
}

# The first one counts whose mark a checkpoint bears.
LAYOUTS = (
    Layout(
        'distillation',
        r'encoder_student_.\.fc\.0\.weight',
        _STUDENT,
        _projected(_STUDENT),
        width=(768, 768),
        settings=_NTU,
        dropped=('encoder_q', 'queue'),
        note='teacher (encoder_q*) and queues dropped: they come from the '
        'pre-training, whose own checkpoint is to be converted',
    ),
    _linear(r'encoder_student_.\.fc\.weight', _STUDENT, settings=_NTU),
    _linear(r'encoder_q\.fc\.weight', _Q),
    Layout('ikem', r'mlp2.*', _Q, {**_PRETRAINING, **_MLP2}, 'IKEM'),
    Layout('crossclr', r'encoder_q_.*', _Q, _PRETRAINING),
    Layout('skeletonclr', r'encoder_k\..*', _Q, _PRETRAINING),  # and AimCLR
    Layout(
        'skeletonclr',
        r'queue',
        _Q,
        {**_BANK, **_projected(_Q, 'key')},
        note='key encoder copied from the query encoder, there is no '
        'encoder_k',
    ),
    Layout(
        'encoder',
        r'encoder_q\..*',
        _Q,
        _ENCODER,
        note='no key encoder and no queue: for SkeletonClassifier('
        'pretrained=...), not to go on training',
    ),
    Layout(
        'hysp',
        r'model\.online_encoder\..*',
        'model{end}',
        _HYSP,
        'HYSP',
        backbone=dict(base_channels=64, out_channels=1024),
        neck='BatchNormMLP',
        width=(1024, 1024),
    ),
    Layout(
        'encoder',  # as PSTL saves it
        r'st_gcn_networks\..*',
        'st_gcn_networks{end}',
        {'query.{modality}.backbone': ''},
        note='an encoder alone: for SkeletonClassifier(pretrained=...), not '
        'to go on training',
    ),
)
