"""Models and encoders with the weights of a checkpoint, all of them."""

import warnings
from typing import Dict, Mapping, Optional, Sequence, Set, Union

import torch
from mmaction.registry import MODELS
from mmengine.config import Config
from mmengine.registry import init_default_scope
from mmengine.runner.checkpoint import load_state_dict
from torch import Tensor, nn

from .checkpoint import read_checkpoint
from .skeletons import LAYOUTS


def load_model(
    cfg: Config,
    checkpoint: Optional[str] = None,
    device: Union[str, torch.device] = 'cpu',
) -> nn.Module:
    """The model of a config with the weights of a checkpoint.

    Args:
        cfg (Config): Config of a pre-training or a classifier.
        checkpoint (str | PathLike, optional): Its checkpoint, or its work dir,
            of which the last checkpoint counts. Defaults to None, weights as
            they are drawn.
        device (str | torch.device): Where it runs. Defaults to ``'cpu'``.

    Returns:
        nn.Module: The model in eval mode, with its ``cfg`` and the
        checkpoint's ``dataset_meta``.

    Raises:
        FileNotFoundError: If there is no such checkpoint.
        RuntimeError: If it does not fit; names the parameters.
        ValueError: If the config has no model, or the checkpoint is refused.
    """
    if 'model' not in cfg:
        raise ValueError(f'{cfg.filename} has no model')
    init_default_scope(cfg.get('default_scope', 'mmaction'))
    model = MODELS.build(cfg.model)
    meta = {}
    if checkpoint is not None:
        state, meta = read_checkpoint(checkpoint)
        require_fit(model, state)
        model.load_state_dict(state)
    model.cfg = cfg
    model.dataset_meta = dict(meta.get('dataset_meta') or {})
    return model.to(device).eval()


def load_encoders(
    encoders: Mapping[str, nn.Module],
    checkpoint: str,
    prefixes: Sequence[str],
    neck_prefix: Optional[str] = None,
    skip_absent: bool = False,
) -> None:
    """Load encoders from a checkpoint, read once.

    Args:
        encoders (mapping[str, nn.Module]): Encoders, or their backbones, by
            modality.
        checkpoint (str): Path of the checkpoint, or of the work dir, of which
            the last checkpoint counts, or ``ikem::NAME.pth``.
        prefixes (sequence[str]): Where a checkpoint may have the encoder of a
            modality, such as ``'query.{modality}.backbone.'``; the first
            place counts that it has.
        neck_prefix (str, optional): Where it has the projectors that are
            wanted, if any are there, in place of those of the encoders.
            Defaults to None.
        skip_absent (bool): Whether they will run without absent persons; a
            warning says it where they were trained otherwise. Defaults to
            False.

    Raises:
        FileNotFoundError: If there is no such checkpoint.
        RuntimeError: If it has nothing there, or an encoder of another
            skeleton, with a parameter missing, left over or of another shape.
    """
    try:
        state, meta = read_checkpoint(checkpoint)
    except FileNotFoundError as error:
        raise FileNotFoundError(
            f'{error}: run the pre-training first, or give its checkpoint as '
            '`pretrained`'
        ) from error
    for u, encoder in encoders.items():
        places = [prefix.format(modality=u) for prefix in prefixes]
        start = next((p for p in places if _below(state, p)), places[0])
        own = _below(state, start)
        where = f'{start.rstrip(".")} of {checkpoint}'
        if not own:
            names = ' or '.join(place.rstrip('.') for place in places)
            raise RuntimeError(
                f'{checkpoint} has no encoder {names}: was it trained with '
                'this modality?'
            )
        _require_same_skeleton(encoder, own, where)
        if neck_prefix is not None:
            own = _with_neck(own, state, neck_prefix.format(modality=u))
            has_bank = any(name.startswith('bank.') for name in state)
            if _necks(own) != _necks(encoder.state_dict()) and not has_bank:
                raise RuntimeError(
                    f'{checkpoint} has neither a bank nor '
                    f'{neck_prefix.format(modality=u).rstrip(".")}, the '
                    'projectors of exchanges that a teacher embeds by: '
                    'pre-train it with exchanges and exchange_space'
                )
        try:
            load_state_dict(encoder, own, strict=True)
        except RuntimeError as error:
            raise RuntimeError(f'{where} does not fit: {error}') from error
    text = str(meta.get('cfg') or '')  # of the config, which is not executed
    skipped = 'skip_absent=True' in text
    if text and skipped != skip_absent:
        warnings.warn(
            f'the encoders of {checkpoint} were trained with skip_absent='
            f'{skipped}, which changes features of clips with absent persons: '
            f'set model.data_preprocessor.skip_absent={skipped} here as well',
            stacklevel=2,
        )


def _below(state: Mapping[str, Tensor], start: str) -> Dict[str, Tensor]:
    """What a state dict has below a place, by names from there."""
    return {
        k[len(start) :]: v for k, v in state.items() if k.startswith(start)
    }


def _necks(state: Mapping[str, Tensor]) -> Set[str]:
    return {name for name in state if name.startswith('neck.')}


def _with_neck(
    own: Dict[str, Tensor], state: Mapping[str, Tensor], start: str
) -> Dict[str, Tensor]:
    """The state of an encoder with the projector of another place, if there
    is one."""
    neck = {f'neck.{k}': v for k, v in _below(state, start).items()}
    if not neck:
        return own
    names = own.keys() - _necks(own)
    return {**{name: own[name] for name in names}, **neck}


def _require_same_skeleton(
    model: nn.Module, state_dict: Mapping[str, Tensor], what: str
) -> None:
    """Refuse encoders of another skeleton.

    Args:
        model (nn.Module): The model, or a part of it.
        state_dict (dict[str, Tensor]): What is about to be loaded into it.
        what (str): Says what that is.

    Raises:
        RuntimeError: If they have other numbers of joints.
    """
    theirs, ours = _skeleton(state_dict), _skeleton(model.state_dict())
    if theirs and ours and theirs != ours:
        raise RuntimeError(
            f'{what} is for {theirs}, the model for {ours}: encoders transfer '
            'between data of one layout; set layout in model.data_preprocessor'
            ', or use another checkpoint'
        )


def _skeleton(state: Mapping[str, Tensor]) -> Optional[str]:
    """The skeletons that an encoder's graph is of, in words."""
    for name, value in state.items():
        if name.endswith('gcn.0.gcn.A'):  # of all of the toolbox's ST-GCNs
            joints = value.shape[-1]
            layouts = [
                repr(layout.name)
                for layout in LAYOUTS.values()
                if layout.num_joints == joints
            ]
            known = f' (as {" and ".join(layouts)} have)' if layouts else ''
            return f'{joints} joints{known}'
    return None


def require_fit(model: nn.Module, state_dict: Mapping[str, Tensor]) -> None:
    """Refuse a state dict that does not fit a model.

    Args:
        model (nn.Module): The model.
        state_dict (dict[str, Tensor]): What is about to be loaded.

    Raises:
        RuntimeError: If it is of another skeleton, or a parameter or buffer
            is missing, left over or of another shape; names them.
    """
    _require_same_skeleton(model, state_dict, 'the checkpoint')
    wanted = {k: v.shape for k, v in model.state_dict().items()}
    given = {k: v.shape for k, v in state_dict.items()}
    if misfits := find_misfits(wanted, given):
        raise RuntimeError(
            'the checkpoint does not fit the model of this config, use the '
            f'config that it was trained with; parameters {misfits}'
        )


def find_misfits(
    wanted: Mapping[str, torch.Size], given: Mapping[str, torch.Size]
) -> str:
    """What is wrong with the shapes by name of a state dict, in words;
    nothing if they are right."""
    shared = wanted.keys() & given.keys()
    misfits = {
        'missing': wanted.keys() - given.keys(),
        'left over': given.keys() - wanted.keys(),
        'of another shape': {k for k in shared if wanted[k] != given[k]},
    }
    return '; '.join(
        f'{kind}: {_some(keys)}' for kind, keys in misfits.items() if keys
    )


def _some(names: Set[str], most: int = 5) -> str:
    """The first names, and how many there are besides."""
    text = ', '.join(sorted(names)[:most])
    more = len(names) - most
    return f'{text} and {more} more' if more > 0 else text
