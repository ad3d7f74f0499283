import warnings
from typing import Dict, List, Optional

import torch
import torch.nn.functional as F
from mmaction.registry import MODELS
from mmengine.model import BaseModel, ModuleDict
from torch import Tensor, nn

from projects.ikem.loading import load_encoders

from ..encoder import Encoders


@MODELS.register_module()
class SkeletonClassifier(BaseModel):
    """Linear classifiers on the encoders of one or several modalities.

    With one modality there is one head. With several there is one head for
    each, trained alone, and a second one for each that is trained on the mean
    of the modalities' logits; the mean is the prediction ``'fused'``.

    Args:
        backbone (dict): Encoder f, one per modality.
        num_classes (int): Number of classes.
        data_preprocessor (dict): A :class:`ModalityDataPreprocessor`, whose
            ``modalities`` are classified, and whose layout backbones follow
            that have none of their own.
        in_channels (int, optional): Channels of the encoders' features, by
            default those that the backbone says.
        frozen (bool): Linear evaluation: the encoders get no gradient and
            stay in eval mode. False fine-tunes them. Defaults to True.
        pretrained (str, optional): Checkpoint of a pre-training, whose query
            encoders are taken, or of a classifier, whose backbones are, every
            parameter of them; or its work dir. None leaves the encoders
            untrained. Defaults to None.
        head (dict, optional): Config of the heads, of which the channels of
            the features and the classes are set here, such as
            ``dict(type='MobiusLinear')``. Defaults to None, ``nn.Linear``.
        recalibrate (bool): Whether frozen encoders are in training mode
            while the heads are trained, so that they see the statistics of
            batches and dropout, and their running statistics move, as in the
            release of HYSP. Defaults to False.
        ensemble (dict[str, float], optional): Weights of modalities in the
            prediction ``'ensemble'``, the sum of the logits of the heads that
            are trained alone, which is evaluated beside the others. Choosing
            weights by the accuracy that is then reported would be tuning on
            the test labels. Defaults to None.
        prefix (str): Where a pre-training has the encoder of a modality.
            Defaults to ``'query.{modality}.backbone.'``.
        init_cfg (dict, optional): Initialization, by default of the heads'
            weights with N(0, 0.01).

    Raises:
        ValueError: If neither ``in_channels`` nor the backbone says how many
            channels a feature has, or the ensemble weighs what is not
            classified.
    """

    def __init__(
        self,
        backbone: Dict,
        num_classes: int,
        data_preprocessor: Dict,
        in_channels: Optional[int] = None,
        frozen: bool = True,
        pretrained: Optional[str] = None,
        head: Optional[Dict] = None,
        recalibrate: bool = False,
        ensemble: Optional[Dict[str, float]] = None,
        prefix: str = 'query.{modality}.backbone.',
        init_cfg: Optional[Dict] = dict(
            type='Normal', layer='Linear', std=0.01
        ),
    ) -> None:
        super().__init__(data_preprocessor, init_cfg)
        self.modalities = self.data_preprocessor.modalities
        self.num_classes = num_classes
        unknown = sorted({*(ensemble or ())} - {*self.modalities})
        if unknown:
            raise ValueError(
                f'ensemble weighs {unknown}, of which there is no head: '
                f'choose from {list(self.modalities)}'
            )
        self.ensemble = ensemble
        self.frozen = frozen
        self.recalibrate = recalibrate
        self.pretrained = pretrained
        self.prefix = prefix
        self.backbone = Encoders(
            self.modalities, backbone, layout=self.data_preprocessor.layout
        )
        in_channels = in_channels or self.backbone.feature_channels
        if in_channels is None:
            raise ValueError(
                f'{backbone["type"]} does not say how many channels its '
                'features have: set in_channels of the classifier'
            )

        sizes = dict(in_features=in_channels, out_features=num_classes)

        def heads() -> ModuleDict:
            cfg = {'type': nn.Linear, **(head or {}), **sizes}
            return ModuleDict({u: MODELS.build(cfg) for u in self.modalities})

        self.head = heads()
        self.fused_head = heads() if len(self.modalities) > 1 else None
        if frozen:
            self.backbone.requires_grad_(False)

    def init_weights(self) -> None:
        """Initialize the heads, and load the encoders.

        Raises:
            RuntimeError: If the checkpoint's encoder does not fit.
        """
        super().init_weights()
        if self.pretrained is None:
            if self.frozen:
                warnings.warn(
                    'no `pretrained` checkpoint: linear evaluation '
                    'of untrained encoders',
                    stacklevel=2,
                )
            return
        load_encoders(
            self.backbone,
            self.pretrained,
            (self.prefix, 'backbone.{modality}.'),  # or of a classifier
            skip_absent=self.data_preprocessor.skip_absent,
        )

    def compile(self, **kwargs) -> None:
        """Compile the encoders, by the arguments of ``torch.compile``."""
        self.backbone.compile(**kwargs)

    def train(self, mode: bool = True) -> 'SkeletonClassifier':
        """Frozen encoders stay in eval mode, unless they recalibrate."""
        super().train(mode)
        if self.frozen and not self.recalibrate:
            self.backbone.eval()
        return self

    def forward(
        self,
        inputs: Dict[str, Tensor],
        data_samples: Optional[List] = None,
        mode: str = 'tensor',
    ):
        """Losses, predictions or features of a batch.

        Args:
            inputs (dict[str, Tensor]): Clips of each modality, of shape
                (N, 1, M, T, V, C), or their features, of shape (N, D).
            data_samples (list, optional): Data samples. Defaults to None.
            mode (str): ``'loss'``, ``'predict'`` or ``'tensor'``, which
                returns the features. Defaults to ``'tensor'``.

        Raises:
            ValueError: If there is no such mode.
        """
        f = self.extract_feat(inputs)
        if mode == 'tensor':
            return f
        if mode == 'loss':
            return self.loss_by_feat(f, data_samples)
        if mode == 'predict':
            return self.predict_by_feat(f, data_samples)
        raise ValueError(
            f"mode is 'loss', 'predict' or 'tensor', got {mode!r}"
        )

    def extract_feat(self, inputs: Dict[str, Tensor]) -> Dict[str, Tensor]:
        """Features by modality, of shape (N, D); features pass through."""
        if all(x.dim() == 2 for x in inputs.values()):
            return inputs
        with torch.set_grad_enabled(
            torch.is_grad_enabled() and not self.frozen
        ):
            return self.backbone.features(
                {u: x.flatten(0, 1) for u, x in inputs.items()}
            )

    def classify(self, f: Dict[str, Tensor]) -> Dict[str, Tensor]:
        """Logits of shape (N, classes) by modality, and ``'fused'``, in
        float32 also under autocast."""
        with torch.autocast(f[self.modalities[0]].device.type, enabled=False):
            logits = {u: self.head[u](f[u]) for u in self.modalities}
            if self.fused_head is not None:
                logits['fused'] = torch.stack(
                    [self.fused_head[u](f[u]) for u in self.modalities]
                ).mean(0)
        return logits

    def loss_by_feat(
        self, f: Dict[str, Tensor], data_samples: List
    ) -> Dict[str, Tensor]:
        """Cross-entropy and top-1 accuracy of each prediction."""
        logits = self.classify(f)
        labels = torch.cat([sample.gt_label for sample in data_samples])
        labels = labels.to(next(iter(logits.values())).device)
        losses = {}
        for name, logit in logits.items():
            losses[f'loss_{name}'] = F.cross_entropy(logit, labels)
            losses[f'top1_{name}'] = (logit.argmax(1) == labels).float().mean()
        return losses

    def predict_by_feat(
        self, f: Dict[str, Tensor], data_samples: List
    ) -> List:
        """Set ``pred_score`` (probabilities) and ``pred_label``.

        With several modalities ``pred_score`` is a dict with an entry for
        each and ``'fused'``, from which ``pred_label`` is taken, and
        ``'ensemble'`` where it has weights.
        """
        logits = self.classify(f)
        if self.ensemble is not None:
            logits['ensemble'] = sum(
                w * logits[u] for u, w in self.ensemble.items()
            )
        scores = {name: logit.softmax(1) for name, logit in logits.items()}
        final = scores.get('fused', scores[self.modalities[0]])
        for i, sample in enumerate(data_samples):
            # copies, or each sample would be saved with the whole batch
            score = {name: s[i].clone() for name, s in scores.items()}
            sample.set_field(
                score if len(score) > 1 else final[i].clone(), 'pred_score'
            )
            sample.set_pred_label(final[i].argmax(0, keepdim=True))
        return data_samples
