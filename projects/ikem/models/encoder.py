from typing import Dict, Optional

import torch.nn.functional as F
from mmaction.registry import MODELS
from mmengine.model import BaseModule
from torch import Tensor


def pool(x: Tensor) -> Tensor:
    """Mean over frames and joints, then over persons.

    Args:
        x (Tensor): Output of a backbone, of shape (N, M, D, T, V).

    Returns:
        Tensor: The feature f, of shape (N, D).
    """
    return x.mean((-2, -1)).mean(1)


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
        """Embedding ``g(f) / |g(f)|``, in float32 also under autocast."""
        return F.normalize(self.neck(f).float(), dim=1)

    def forward(self, x: Tensor) -> Tensor:
        """Embedding of clips (N, M, T, V, C)."""
        return self.project(self.extract_feat(x))
