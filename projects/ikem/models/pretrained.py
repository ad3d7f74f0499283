"""Encoders from the checkpoint of a pre-training."""

from typing import Mapping

from mmengine.runner import CheckpointLoader
from mmengine.runner.checkpoint import load_state_dict
from torch import nn

from projects.ikem.checkpoint import get_state_dict, require_same_skeleton


def load_encoders(
    encoders: Mapping[str, nn.Module], checkpoint: str, prefix: str
) -> None:
    """Load encoders from the checkpoint of a pre-training, read once.

    Args:
        encoders (mapping[str, nn.Module]): Encoders, or their backbones, by
            modality.
        checkpoint (str): Path of the checkpoint.
        prefix (str): Where the checkpoint has the encoder of a modality, such
            as ``'query.{modality}.backbone.'``.

    Raises:
        FileNotFoundError: If there is no such checkpoint.
        RuntimeError: If it has nothing there, or an encoder of another
            skeleton, with a parameter missing, left over or of another shape.
    """
    try:
        state = get_state_dict(
            CheckpointLoader.load_checkpoint(
                checkpoint, 'cpu', logger='silent'
            )
        )
    except FileNotFoundError as error:
        raise FileNotFoundError(
            f'{checkpoint} is missing: run the pre-training first, '
            'or give its checkpoint as `pretrained`'
        ) from error
    for u, encoder in encoders.items():
        start = prefix.format(modality=u)
        own = {
            k[len(start) :]: v for k, v in state.items() if k.startswith(start)
        }
        where = f'{start.rstrip(".")} of {checkpoint}'
        if not own:
            raise RuntimeError(
                f'{checkpoint} has no encoder {start.rstrip(".")}: was it '
                'pre-trained with this modality?'
            )
        require_same_skeleton(encoder, own, where)
        try:
            load_state_dict(encoder, own, strict=True)
        except RuntimeError as error:
            raise RuntimeError(f'{where} does not fit: {error}') from error
