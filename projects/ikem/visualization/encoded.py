"""Features of clips by a config and a checkpoint."""

from typing import Dict, Iterable, List, Mapping, NamedTuple, Optional

import numpy as np
import torch
import torch.nn.functional as F
from mmengine.config import Config
from mmengine.registry import init_default_scope
from mmengine.runner import Runner
from torch import Tensor, nn
from torch.utils.data import DataLoader

from projects.ikem.datasets import SkeletonDataset
from projects.ikem.datasets.prepared import read_annotations
from projects.ikem.engine.loops.frozen_feature_loop import extract_features
from projects.ikem.evaluation.features import Features, field_arrays
from projects.ikem.evaluation.fusion import Predictions
from projects.ikem.models import SkeletonClassifier

from .clips import fields_of


class EncodedClips(NamedTuple):
    """Clips and their features.

    Args:
        dataset (SkeletonDataset): The clips.
        names (list[str]): Name of each.
        labels (np.ndarray): Class of each, of shape (N, ).
        features (dict[str, Tensor]): Features of shape (N, D) by modality.
    """

    dataset: SkeletonDataset
    names: List[str]
    labels: np.ndarray
    features: Dict[str, Tensor]

    @property
    def stream(self) -> str:
        """The modality, or all where there are several, ``'fused'``."""
        several = len(self.features) > 1
        return 'fused' if several else next(iter(self.features))


def clip_loader(
    cfg: Config,
    split: Optional[str] = None,
    max_clips: Optional[int] = None,
    unlabelled: bool = False,
) -> DataLoader:
    """The loader of a config's test set, or of another split of its data.

    Args:
        cfg (Config): The config.
        split (str, optional): The split, ``'all'`` for all clips unless a
            split has that name. Defaults to that of the config.
        max_clips (int, optional): Of more clips, so many are taken, drawn at
            random but always the same.
        unlabelled (bool): Whether clips without a label count. Defaults to
            False, as the config has it.

    Raises:
        ValueError: If the config has no test set or its data no such split.
    """
    if cfg.get('test_dataloader') is None:
        raise ValueError(f'{cfg.filename} has no test_dataloader')
    init_default_scope(cfg.get('default_scope', 'mmaction'))
    settings = cfg.test_dataloader.to_dict()
    data = settings['dataset']
    if split is not None:
        data['split'] = split
    if split == 'all' and 'all' not in _splits(data.get('data_root')):
        data['split'] = None
    if unlabelled:
        data['unlabelled'] = True
    loader = Runner.build_dataloader(settings, seed=0)
    num = len(loader.dataset)
    if max_clips is not None and num > max_clips:
        order = torch.randperm(num, generator=torch.Generator().manual_seed(0))
        loader.dataset.get_subset_(order[:max_clips].sort().values.tolist())
    return loader


def _splits(data_root: str) -> Iterable[str]:
    return read_annotations(data_root)['split']


def encode(model: nn.Module, loader: DataLoader) -> EncodedClips:
    """Features of clips; shows the progress.

    Args:
        model (nn.Module): A pre-training or a classifier.
        loader (DataLoader): Loader of the clips.
    """
    encoded = extract_features(model, loader, progress=True)
    samples = encoded.data_samples
    return EncodedClips(
        loader.dataset,
        [sample.frame_dir for sample in samples],
        np.array([int(sample.gt_label) for sample in samples]),
        encoded.features,
    )


def to_features(clips: EncodedClips) -> Features:
    """Features on the CPU, and what annotations and names say of the clips.

    Args:
        clips (EncodedClips): The clips.
    """
    return Features(
        clips.names,
        clips.labels,
        {u: f.float().cpu().numpy() for u, f in clips.features.items()},
        field_arrays(fields_of(clips.dataset, clips.names)),
        clips.dataset.metainfo.get('classes'),
    )


def field_of(clips: EncodedClips, field: str) -> np.ndarray:
    """A field of the annotations, or what the names say of it.

    Args:
        clips (EncodedClips): The clips.
        field (str): Its name.

    Returns:
        np.ndarray: Its value for each clip, of shape (N, ): numbers where
        all have one, else texts, ``'?'`` where it is not known.

    Raises:
        ValueError: If no clip has it.
    """
    fields = field_arrays(fields_of(clips.dataset, clips.names))
    if field not in fields:
        raise ValueError(
            f'the clips have no field {field!r}: choose one of '
            f'{", ".join(("class", *sorted(fields)))}'
        )
    values = fields[field]
    is_text = values.dtype.kind == 'U'
    return np.where(values == '', '?', values) if is_text else values


@torch.no_grad()
def classify(
    model: SkeletonClassifier,
    clips: EncodedClips,
    stream: Optional[str] = None,
) -> Predictions:
    """What a classifier says of clips.

    Args:
        model (SkeletonClassifier): The classifier that encoded them.
        clips (EncodedClips): The clips.
        stream (str, optional): A modality or ``'fused'``. Defaults to that of
            ``clips``.

    Raises:
        ValueError: If there is no such stream.
    """
    logits = model.classify(clips.features)
    stream = stream or clips.stream
    if stream not in logits:
        raise ValueError(
            f'no stream {stream!r}: choose one of {", ".join(logits)}'
        )
    scores = logits[stream].softmax(1).cpu().numpy()
    return Predictions(stream, clips.names, clips.labels, scores)


def stream_vectors(features: Mapping[str, Tensor], stream: str) -> Tensor:
    """Unit vectors of a stream.

    Their inner products are the similarities of
    :func:`~projects.ikem.evaluation.knn.stream_similarity`.

    Args:
        features (mapping[str, Tensor]): Features of shape (N, D) by modality.
        stream (str): A modality, or ``'fused'`` for all.

    Returns:
        Tensor: Vectors of shape (N, D), fused ones (N, modalities * D).

    Raises:
        ValueError: If there is no such stream.
    """
    if stream == 'fused':
        unit = [F.normalize(f, dim=1) for f in features.values()]
        return torch.cat(unit, 1) / len(unit) ** 0.5
    if stream not in features:
        raise ValueError(
            f'no stream {stream!r}: choose one of '
            f'{", ".join((*features, "fused"))}'
        )
    return F.normalize(features[stream], dim=1)
