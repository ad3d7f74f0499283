from typing import Dict, List, Optional, Sequence

from mmengine.model import BaseModel, ModuleDict
from torch import Tensor

from ..encoder import ModalityEncoder


class PretrainingModel(BaseModel):
    """Encoders that are trained without labels, one a modality.

    Args:
        backbone (dict): Encoder f, one a modality.
        neck (dict): Projector g, with ``in_channels`` of the feature and
            ``out_channels`` of the embedding.
        data_preprocessor (dict): A :class:`ModalityDataPreprocessor`.
        modalities (sequence[str], optional): Modalities that get an encoder.
            Defaults to those of the data preprocessor.
        init_cfg (dict, optional): Initialization. Defaults to None.
    """

    def __init__(
        self,
        backbone: Dict,
        neck: Dict,
        data_preprocessor: Dict,
        modalities: Optional[Sequence[str]] = None,
        init_cfg: Optional[Dict] = None,
    ) -> None:
        super().__init__(data_preprocessor, init_cfg)
        self.modalities = tuple(
            modalities or self.data_preprocessor.modalities
        )
        self.query = ModuleDict(
            {u: ModalityEncoder(backbone, neck) for u in self.modalities}
        )

    def compile(self, **kwargs) -> None:
        """Compile the backbones, by the arguments of ``torch.compile``."""
        for module in self.modules():
            if isinstance(module, ModalityEncoder):
                module.backbone.compile(**kwargs)

    def forward(
        self,
        inputs: Dict[str, Tensor],
        data_samples: Optional[List] = None,
        mode: str = 'tensor',
    ) -> Dict[str, Tensor]:
        """Losses or features of a batch.

        Args:
            inputs (dict[str, Tensor]): Views of each modality, of shape
                (N, views, M, T, V, C).
            data_samples (list, optional): Data samples. Defaults to None.
            mode (str): ``'loss'``, of two views, or ``'tensor'``, features of
                the first view. Defaults to ``'tensor'``.

        Raises:
            ValueError: If there is no such mode, or not two views to learn
                from.
        """
        if mode == 'tensor':
            return self.extract_feat(inputs)
        if mode != 'loss':
            raise ValueError(
                f"mode is 'loss' or 'tensor', got {mode!r}: evaluate "
                'the encoders with a SkeletonClassifier'
            )
        if any(x.size(1) != 2 for x in inputs.values()):
            raise ValueError(
                'pre-training takes two views a clip: add '
                'MultiView(num_views=2, ...) to the pipeline'
            )
        return self.loss(inputs)

    def extract_feat(
        self, inputs: Dict[str, Tensor], view: int = 0
    ) -> Dict[str, Tensor]:
        """Features f of a view by modality, of shape (N, D)."""
        return {
            u: self.query[u].extract_feat(inputs[u][:, view])
            for u in self.modalities
        }

    def loss(self, inputs: Dict[str, Tensor]) -> Dict[str, Tensor]:
        """Losses, and what is logged beside them, by name, of two views of
        each modality."""
        raise NotImplementedError
