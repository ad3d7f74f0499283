from typing import Dict, Optional

import torch
import torch.nn.functional as F
from mmaction.registry import MODELS
from mmengine.model import BaseModule
from mmengine.runner.checkpoint import (
    _load_checkpoint_with_prefix,
    load_state_dict,
)
from torch import Tensor, nn

from projects.ikem.checkpoint import require_same_skeleton


def pool(x: Tensor) -> Tensor:
    """Mean over frames and joints, then over persons.

    Args:
        x (Tensor): Output of a backbone, of shape (N, M, D, T, V).

    Returns:
        Tensor: The feature f, of shape (N, D), in float32 also where
        autocast rounded x.
    """
    dtype = torch.promote_types(x.dtype, torch.float32)
    # channels last: so are our backbone's, and the gradient, then
    return x.movedim(2, -1).mean((2, 3), dtype=dtype).mean(1)


def embed(projector: nn.Module, f: Tensor) -> Tensor:
    """Embedding ``g(f) / |g(f)|``, in float32 also under autocast.

    The temperature magnifies what similarities are rounded by, and the
    projectors cost next to nothing beside a backbone.

    Args:
        projector (nn.Module): g.
        f (Tensor): Features, of shape (N, D).

    Returns:
        Tensor: Embeddings of unit length.
    """
    with torch.autocast(f.device.type, enabled=False):
        return F.normalize(projector(f), dim=1)


class ModalityEncoder(BaseModule):
    """Encoder f and projector g of one modality.

    Args:
        backbone (dict): Any backbone that takes (N, M, T, V, C) and returns
            (N, M, D, T, V), such as the toolbox's ST-GCNs.
        neck (dict): Projector.
        init_cfg (dict, optional): Initialization. Defaults to None.
    """

    def __init__(
        self, backbone: Dict, neck: Dict, init_cfg: Optional[Dict] = None
    ) -> None:
        super().__init__(init_cfg=init_cfg)
        self.backbone = MODELS.build(backbone)
        self.neck = MODELS.build(neck)

    def extract_feat(self, x: Tensor) -> Tensor:
        """Feature f of clips (N, M, T, V, C), of shape (N, D)."""
        return pool(self.backbone(x))

    def project(self, f: Tensor) -> Tensor:
        """Embedding of features (N, D), of unit length; see :func:`embed`."""
        return embed(self.neck, f)

    def forward(self, x: Tensor) -> Tensor:
        """Embedding of clips (N, M, T, V, C)."""
        return self.project(self.extract_feat(x))


def load_encoder(encoder: nn.Module, checkpoint: str, prefix: str) -> None:
    """Load an encoder from the checkpoint of a pre-training.

    Args:
        encoder (nn.Module): The encoder, or its backbone.
        checkpoint (str): Path of the checkpoint.
        prefix (str): Where the checkpoint has it, such as
            ``'query.joint.backbone.'``.

    Raises:
        FileNotFoundError: If there is no such checkpoint.
        RuntimeError: If it has nothing there, or what it has is for another
            skeleton, lacks a parameter, has one left over or of another
            shape.
    """
    try:
        state = _load_checkpoint_with_prefix(prefix, checkpoint, 'cpu')
    except FileNotFoundError as error:
        raise FileNotFoundError(
            f'{checkpoint} is missing: run the pre-training first, '
            'or give its checkpoint as `pretrained`'
        ) from error
    except AssertionError as error:
        raise RuntimeError(
            f'{checkpoint} has no encoder {prefix.rstrip(".")}: was it '
            'pre-trained with this modality?'
        ) from error
    require_same_skeleton(
        encoder, state, f'{prefix.rstrip(".")} of {checkpoint}'
    )
    try:
        load_state_dict(encoder, state, strict=True)
    except RuntimeError as error:
        raise RuntimeError(
            f'{prefix.rstrip(".")} of {checkpoint} does not fit: {error}'
        ) from error
