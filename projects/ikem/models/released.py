"""Checkpoints of the released implementations, converted to ours.

Each key is converted or reported as dropped, or the conversion fails.
"""

import re
from dataclasses import dataclass
from typing import Dict, List, Optional, Sequence, Tuple

import torch
from mmaction.models.utils.graph import Graph
from torch import Tensor

from projects.ikem.loading import find_misfits
from projects.ikem.skeletons import get_layout

from .released_names import ENDINGS, LAYOUTS, Layout, fill

State = Dict[str, Tensor]


@dataclass(frozen=True)
class Conversion:
    """A converted state dict.

    Args:
        kind (str): What the released checkpoint is.
        modalities (tuple[str]): Our names of its modalities.
        data_preprocessor (dict): Arguments of
            :class:`ModalityDataPreprocessor` with which its encoders were
            trained.
        state_dict (dict[str, Tensor]): Our state dict.
        dropped (list[str]): Keys that were left out.
        note (str): What was left out or filled in, and why.
    """

    kind: str
    modalities: Tuple[str, ...]
    data_preprocessor: Dict
    state_dict: State
    dropped: List[str]
    note: str


def to_ours(state: State, modality: Optional[str] = None) -> Conversion:
    """Convert a released checkpoint to ours.

    Pre-training becomes the state of :class:`IKEM`, :class:`CrosSCLR`,
    :class:`SkeletonCLR` or :class:`HYSP`, linear evaluation that of
    :class:`SkeletonClassifier`. Of a distillation, and of an encoder alone,
    the query encoders with their projectors remain, which
    ``SkeletonClassifier(pretrained=...)`` takes.

    Args:
        state (dict[str, Tensor]): The released state dict.
        modality (str, optional): Modality of a checkpoint with one encoder,
            where its names do not tell.

    Raises:
        ValueError: If a key is missing, unknown or has the wrong shape, if
            the pointers of the queues differ, the graph is not ours, or
            ``modality`` is missing, unknown or of no use.
    """
    layout, modalities = _recognize(state, modality)
    dropped = {name for name in state if name.startswith(layout.dropped)}
    shapes = layout.shapes(state, modalities)
    pairs = [
        (x, name) for x in shapes for name in layout.sources(x, modalities)
    ]
    turned = {
        name: _turn(x, state[name]) for x, name in pairs if name in state
    }
    given = {k: turned.get(k, v).shape for k, v in state.items()}
    misfits = find_misfits(
        {name: shapes[x] for x, name in pairs},
        {name: given[name] for name in given if name not in dropped},
    )
    if misfits:
        raise ValueError(f'no whole checkpoint of this kind, keys {misfits}')
    converted: State = {}
    for ours, name in pairs:
        before = converted.setdefault(ours, turned[name])
        if not torch.equal(before, turned[name]):
            raise ValueError(
                f'slots of the queues are not aligned: {name} is '
                f'{int(turned[name])}, others are {int(before)}'
            )
    if 'bank.pointer' in converted:
        size = len(converted[f'bank.keys_{modalities[0]}'])
        converted['bank.filled'] = torch.tensor(size)
    _check_graph(converted)
    return Conversion(
        layout.kind,
        modalities,
        _settings(layout, modalities),
        converted,
        sorted(dropped),
        layout.note,
    )


def _recognize(
    state: State, modality: Optional[str]
) -> Tuple[Layout, Tuple[str, ...]]:
    """The layout of a checkpoint, and the modalities that it has encoders
    of."""
    tops = {name.split('.')[0] for name in state}
    for layout in LAYOUTS:
        found = tuple(u for u in ENDINGS if fill(layout.encoder, u) in tops)
        if found and any(re.fullmatch(layout.mark, name) for name in state):
            break
    else:
        raise ValueError(
            'no released checkpoint, it has neither encoder_q nor '
            f'encoder_student_j; its modules are {", ".join(sorted(tops))}'
        )
    if len(found) > 1 or '{letter}' in layout.encoder:  # which tells it
        if modality is not None:
            raise ValueError(
                'a modality is given for one encoder whose name does not '
                f'tell it, this has {list(found)}'
            )
        return layout, found
    if modality not in ENDINGS:
        raise ValueError(
            'say which modality the one encoder has been trained on '
            f'(--modality), one of {list(ENDINGS)}; got {modality}'
        )
    return layout, (modality,)


def _settings(layout: Layout, modalities: Sequence[str]) -> Dict:
    """Arguments of the data preprocessor that the encoders were trained
    with."""
    settings = dict(layout='ntu-25', rotation_axis='raw')
    if layout.settings is not None:
        settings = layout.settings
    elif set(modalities) <= {'joint', 'motion', 'bone'}:
        settings = dict(layout='ntu-25-crossclr', use_time_scale=False)
    return dict(modalities=list(modalities), **settings)


def _turn(ours: str, value: Tensor) -> Tensor:
    """A value of theirs as ours is laid out: queues (D, K) to (K, D),
    pointers (1, ) to (), projectors that are convolutions of size 1 (ActCLR
    since December 2024) to linear ones."""
    if ours == 'bank.pointer' and value.numel() == 1:
        return value.reshape(())
    if '.neck.mlp.' in ours and value.shape[2:] == (1, 1):
        return value.flatten(1)
    if ours.startswith('bank.keys_') and value.dim() == 2:
        return value.t().contiguous()
    return value


def _check_graph(state: State) -> None:
    """The adjacency in each block of our keys is that of the layout."""
    graph = Graph(layout=get_layout('ntu-25').graph, mode='stgcn_spatial')
    A = torch.from_numpy(graph.A)
    for name, value in state.items():
        if name.endswith('gcn.A') and not torch.allclose(
            value.double(), A, rtol=0, atol=1e-6
        ):
            raise ValueError(
                f'the graph of {name} is not that of layout ntu-25, in which '
                'joints 22 and 24 hang on 23 and 25: such an encoder would '
                'compute something else here'
            )
