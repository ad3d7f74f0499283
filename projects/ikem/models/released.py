"""Checkpoints of the released implementations, converted to ours and back.

All functions work on state dicts, and are strict: each key is converted or
reported as dropped, or the conversion fails and lists it.
"""

from dataclasses import dataclass, field
from typing import Dict, List, Optional, Tuple

import torch
from mmaction.models.utils.graph import Graph
from torch import Tensor

from projects.ikem.skeletons import get_layout

from .released_names import (
    ENDINGS,
    STUDENTS,
    Released,
    droppable,
    our_shapes,
    sources_of,
    turn,
)

State = Dict[str, Tensor]


@dataclass(frozen=True)
class Conversion:
    """A converted state dict.

    Args:
        released (Released): What the released checkpoint holds.
        state_dict (dict[str, Tensor]): The state dict.
        dropped (list[str]): Keys that were left out.
        notes (list[str]): What was left out or filled in, and why.
    """

    released: Released
    state_dict: State
    dropped: List[str] = field(default_factory=list)
    notes: List[str] = field(default_factory=list)


def to_ours(state: State, modality: Optional[str] = None) -> Conversion:
    """Convert a released checkpoint to ours.

    Pre-training becomes the state of :class:`IKEM`, :class:`CrosSCLR` or
    :class:`SkeletonCLR`, linear evaluation that of
    :class:`SkeletonClassifier`. Of a distillation, and of an encoder alone,
    the query encoders with their projectors remain, which
    ``SkeletonClassifier(pretrained=...)`` takes.

    Args:
        state (dict[str, Tensor]): The released state dict.
        modality (str, optional): Modality of a checkpoint with one encoder.

    Raises:
        ValueError: If a key is missing, unknown or has the wrong shape, if
            the pointers of the queues differ, or the graph is not ours.
    """
    released, notes = recognize(state, modality)
    shapes, sources = our_shapes(released), sources_of(released)
    dropped = droppable(released) & set(state)
    expected = {name for names in sources.values() for name in names}
    wrong = [
        name
        for ours, names in sources.items()
        for name in names
        if name in state and turn(name, state[name]).shape != shapes[ours]
    ]
    _check_keys(state, expected, set(state) - dropped - expected, wrong)
    converted = {}
    for ours, names in sources.items():
        values = [turn(name, state[name]) for name in names]
        if any(not torch.equal(v, values[0]) for v in values):
            raise ValueError(
                'slots of the queues are not aligned, their pointers differ: '
                + ', '.join(f'{n} = {int(v)}' for n, v in zip(names, values))
            )
        converted[ours] = (
            values[0] if values else torch.tensor(released.bank_size)
        )
    _check_graph(converted)
    return Conversion(released, converted, sorted(dropped), notes)


def to_released(state: State) -> Conversion:
    """Convert our pre-training or linear evaluation to released names.

    Args:
        state (dict[str, Tensor]): State of :class:`IKEM` (with explicit and
            implicit exchange), :class:`CrosSCLR`, :class:`SkeletonCLR` or
            :class:`SkeletonClassifier`, in the full size of the method.

    Raises:
        ValueError: If a key is missing, unknown or has the wrong shape, if
            the bank is not yet full, or the graph is not that of the release.
    """
    released = _recognize_ours(state)
    shapes, sources = our_shapes(released), sources_of(released)
    wrong = [
        name
        for name, shape in shapes.items()
        if name in state and state[name].shape != shape
    ]
    _check_keys(state, set(shapes), set(state) - set(shapes), wrong)
    _check_graph(state)
    filled = int(state.get('bank.filled', released.bank_size))
    if filled != released.bank_size:
        raise ValueError(
            f'{filled} of {released.bank_size} keys of the bank are filled: '
            'a released queue is always full'
        )
    dropped, notes = [], []
    if 'fused_head' in {name.split('.')[0] for name in state}:
        dropped = [name for name in state if name.startswith('head.')]
        notes = ['head.* dropped: released models have the fused heads alone']
    converted = {}
    for ours in [name for name in shapes if name not in dropped]:
        for name in sources[ours]:
            value = turn(name, state[ours], back=True)
            if not torch.equal(converted.setdefault(name, value), value):
                raise ValueError(f'several of our keys differ: {name}, {ours}')
    converted = dict(sorted(converted.items()))
    return Conversion(released, converted, dropped, notes)


def recognize(
    state: State, modality: Optional[str] = None
) -> Tuple[Released, List[str]]:
    """What a released state dict holds, and what there is to say about it.

    Raises:
        ValueError: If it is no released state dict, or ``modality`` is
            missing, unknown or of no use.
    """
    tops = {name.split('.')[0] for name in state}
    if any(top.startswith('encoder_student_') for top in tops):
        return Released('distillation', STUDENTS), [
            'teacher (encoder_q*) and queues dropped: they come from the '
            'pre-training, whose own checkpoint is to be converted'
        ]
    if 'encoder_q' not in tops:
        raise ValueError(
            'no released checkpoint, it has no encoder_q; its modules are '
            + ', '.join(sorted(tops))
        )
    found = tuple(
        u for u, (end, _) in ENDINGS.items() if f'encoder_q{end}' in tops
    )
    if len(found) > 1 and modality is not None:
        raise ValueError(
            f'a modality is given for one encoder, this has {list(found)}'
        )
    if len(found) == 1:
        if modality not in ENDINGS:
            raise ValueError(
                'say which modality the one encoder has been trained on '
                f'(--modality), one of {list(ENDINGS)}; got {modality}'
            )
        found = (modality,)
    if 'encoder_q.fc.weight' in state:
        classes = state['encoder_q.fc.weight'].shape[:1].numel()
        notes = ['head.* copied from the fused heads, there are no others']
        return (
            Released('linear', found, num_classes=classes),
            notes if len(found) > 1 else [],
        )
    size = state.get('queue', torch.empty(1)).shape[1:].numel()
    if len(found) > 1:
        kind = 'ikem' if any(t.startswith('mlp2') for t in tops) else ''
        return Released(kind or 'crossclr', found, size), []
    if tops == {'encoder_q'}:
        return Released('encoder', found), [
            'no key encoder and no queue: for SkeletonClassifier('
            'pretrained=...), not to go on training'
        ]
    if 'encoder_k' in tops:
        return Released('skeletonclr', found, size), []
    return Released('skeletonclr', found, size, key='encoder_q'), [
        'key encoder copied from the query encoder, there is no encoder_k'
    ]


def _recognize_ours(state: State) -> Released:
    parts = [name.split('.') for name in state]
    tops = {part[0] for part in parts}
    linear = 'backbone' in tops
    if not linear and not {'query', 'bank'} <= tops:
        raise ValueError(
            'neither a pre-training with its banks nor a SkeletonClassifier; '
            f'its modules are {", ".join(sorted(tops))}'
        )
    encoders = {p[1] for p in parts if p[0] in ('query', 'backbone')}
    found = tuple(u for u in ENDINGS if u in encoders)
    if not found:
        raise ValueError(f'no released modality among {sorted(encoders)}')
    if linear:
        bias = state.get(f'head.{found[0]}.bias', torch.empty(1))
        classes = bias.shape[:1].numel()
        return Released('linear', found, num_classes=classes)
    keys = state.get(f'bank.keys_{found[0]}', torch.empty(1))
    size = keys.shape[:1].numel()
    kind = 'ikem' if 'exchanges' in tops else 'crossclr'
    return Released(kind if len(found) > 1 else 'skeletonclr', found, size)


def _check_keys(state: State, expected: set, unknown: set, wrong: List[str]):
    shapes = {f'{name} {tuple(state[name].shape)}' for name in wrong}
    problems = {
        'missing keys': set(expected) - set(state),
        'unknown keys': unknown,
        'wrong shapes': shapes,
    }
    if any(problems.values()):
        raise ValueError(
            '; '.join(
                f'{problem}: {", ".join(sorted(names))}'
                for problem, names in problems.items()
                if names
            )
        )


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
