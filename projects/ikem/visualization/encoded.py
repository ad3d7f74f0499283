"""Features of clips by a config and a checkpoint."""

from typing import List, Mapping, Optional

import numpy as np
import torch
import torch.nn.functional as F
from mmengine.config import Config
from mmengine.device import get_device
from mmengine.registry import init_default_scope
from mmengine.runner import CheckpointLoader, Runner
from torch import Tensor, nn
from torch.utils.data import DataLoader

from projects.ikem.apis import build_model, init_model
from projects.ikem.checkpoint import get_state_dict, require_fit
from projects.ikem.engine.loops.frozen_feature_loop import (
    FeatureDataset,
    extract_features,
)
from projects.ikem.evaluation.fusion import Predictions


def load_model(cfg: Config, checkpoint: str) -> nn.Module:
    """The model of a config with the weights of a checkpoint, on the GPU
    where there is one.

    Args:
        cfg (Config): Config of a pre-training or a classifier.
        checkpoint (str): Path of its checkpoint.

    Raises:
        FileNotFoundError: If there is no such file.
        RuntimeError: If the checkpoint does not fit.
        ValueError: If the config has no model, or the checkpoint is refused.
    """
    model = build_model(cfg)
    state = get_state_dict(
        CheckpointLoader.load_checkpoint(checkpoint, 'cpu', logger='silent')
    )
    require_fit(model, state)
    model.load_state_dict(state)
    return model.to(get_device()).eval()


def clip_loader(
    cfg: Config,
    split: Optional[str] = None,
    max_clips: Optional[int] = None,
) -> DataLoader:
    """The loader of a config's test set, or of another split of its data.

    Args:
        cfg (Config): The config.
        split (str, optional): The split. Defaults to that of the config.
        max_clips (int, optional): Of more clips, so many are taken, drawn at
            random but always the same.

    Raises:
        ValueError: If the config has no test set or its data no such split.
    """
    if cfg.get('test_dataloader') is None:
        raise ValueError(f'{cfg.filename} has no test_dataloader')
    init_default_scope(cfg.get('default_scope', 'mmaction'))
    settings = cfg.test_dataloader.to_dict()
    if split is not None:
        settings['dataset']['split'] = split
    loader = Runner.build_dataloader(settings, seed=0)
    num = len(loader.dataset)
    if max_clips is not None and num > max_clips:
        order = torch.randperm(num, generator=torch.Generator().manual_seed(0))
        loader.dataset.get_subset_(order[:max_clips].sort().values.tolist())
    return loader


def encode(
    cfg: Config,
    checkpoint: str,
    split: Optional[str] = None,
    max_clips: Optional[int] = None,
) -> FeatureDataset:
    """Features of clips, on the CPU; shows the progress.

    Args:
        cfg (Config): Config of a pre-training or a classifier.
        checkpoint (str): Path of its checkpoint.
        split (str, optional): As for :func:`clip_loader`.
        max_clips (int, optional): As for :func:`clip_loader`.
    """
    model = load_model(cfg, checkpoint)
    encoded = extract_features(
        model, clip_loader(cfg, split, max_clips), progress=True
    )
    encoded.features = {u: f.cpu() for u, f in encoded.features.items()}
    return encoded


def predict(
    cfg: Config, checkpoint: str, stream: Optional[str] = None
) -> Predictions:
    """What a classifier says of its config's test set; shows the progress.

    Args:
        cfg (Config): Config of a classifier.
        checkpoint (str): Path of its checkpoint.
        stream (str, optional): A modality, or ``'fused'``, which is the
            default where there are several.

    Raises:
        ValueError: If the config's model is no classifier, or there is no
            such stream.
    """
    model = init_model(cfg, checkpoint, get_device())
    encoded = extract_features(model, clip_loader(cfg), progress=True)
    logits = model.classify(encoded.features)
    stream = stream or default_stream(encoded.features)
    if stream not in logits:
        raise ValueError(
            f'no stream {stream!r}: choose one of {", ".join(logits)}'
        )
    scores = logits[stream].detach().softmax(1).cpu().numpy()
    return Predictions(
        checkpoint, names_of(encoded), labels_of(encoded), scores
    )


def labels_of(encoded: FeatureDataset) -> np.ndarray:
    """Class of each clip, of shape (N, )."""
    samples = encoded.data_samples
    return np.array([int(sample.gt_label) for sample in samples])


def names_of(encoded: FeatureDataset) -> List[str]:
    """Name of each clip."""
    return [sample.frame_dir for sample in encoded.data_samples]


def default_stream(features: Mapping[str, Tensor]) -> str:
    """All modalities where there are several."""
    return 'fused' if len(features) > 1 else next(iter(features))


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
