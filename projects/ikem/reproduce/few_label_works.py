"""Work of ``tools/few_labels.py`` that is no training."""

import functools
import hashlib
import os
from pathlib import Path
from typing import Any, Dict, Optional, Set, Tuple

import numpy as np
import torch
from mmengine.device import get_device

from projects.ikem.checkpoint import find_checkpoint
from projects.ikem.datasets.prepared import read_annotations
from projects.ikem.datasets.prepared_checks import UNLABELLED
from projects.ikem.evaluation.baselines import prepared_baselines
from projects.ikem.evaluation.features import load_features
from projects.ikem.evaluation.few_labels import frozen_accuracies
from projects.ikem.loading import load_model
from projects.ikem.visualization.encoded import (
    clip_loader,
    encode,
    stream_vectors,
    to_features,
)

from .children import Children
from .few_label_configs import encoding_config
from .identity import digest
from .work import Work


@functools.cache
def _sha256(path: str, modified: int) -> str:
    return hashlib.sha256(Path(path).read_bytes()).hexdigest()


class Encoding(Work):
    """The features of all clips by the pre-training, for all seeds; its run
    has the config and, as options, ``data`` and ``checkpoint``."""

    @property
    def path(self) -> Path:
        """The file of the features."""
        return self.work_dir.path / 'features.npz'

    def checkpoint(self) -> str:
        """That of the pre-training, relative to the root."""
        return self.run.options['checkpoint']

    def data(self) -> Dict[str, Optional[Set[str]]]:
        return {self.run.options['data']: set()}  # clips, but no split

    def made_from(self) -> Dict[str, Any]:
        cfg = encoding_config(self.run.config, self.run.options['data'])
        parts = cfg.model.to_dict(), cfg.test_dataloader.dataset.to_dict()
        path = find_checkpoint(str(self.root / self.checkpoint()))
        return {
            'config': digest(repr(parts)),
            'checkpoint': _sha256(path, os.stat(path).st_mtime_ns),
            **super().made_from(),
        }

    def is_current(self) -> bool:
        return super().is_current() and self.path.is_file()

    def do(self, children: Children) -> Dict[str, Any]:
        cfg = encoding_config(self.run.config, self.run.options['data'])
        checkpoint = str(self.root / self.checkpoint())
        model = load_model(cfg, checkpoint, get_device())
        # this process does it, which a signal is to end before all clips
        model.data_preprocessor.register_forward_pre_hook(
            lambda *_: children.check()
        )
        clips = encode(model, clip_loader(cfg))
        to_features(clips).save(self.path)
        return dict(clips=len(clips.names))


class Evaluation(Work):
    """Accuracies with the labels of one split, measured in this process; its
    run has, as options, ``data`` and the splits ``labels``, ``train`` (of
    which ``labels`` is a part) and ``val``."""

    @property
    def name(self) -> str:
        """Away from those of trainings, which reports list."""
        return f'evaluations/{super().name}'

    def data(self) -> Dict[str, Optional[Set[str]]]:
        options = self.run.options
        splits = {options[part] for part in ('labels', 'train', 'val')}
        return {options['data']: splits}

    def do(self, children: Children) -> Dict[str, Any]:
        return dict(results=self.measure(**self.run.options))

    def measure(
        self, data: str, labels: str, train: str, val: str
    ) -> Dict[str, float]:
        """Accuracies in percent by name."""
        raise NotImplementedError

    def result(self, metric: str) -> Tuple[float, Optional[float]]:
        """A metric; there are no epochs."""
        return self.work_dir.record['results'][metric], None


class FrozenFeatures(Evaluation):
    """What is learnt from labels and features alone."""

    def measure(
        self, data: str, labels: str, train: str, val: str
    ) -> Dict[str, float]:
        """:func:`frozen_accuracies` of the unit vectors of all modalities."""
        features = load_features(self.needs['features'].path)
        row = {name: i for i, name in enumerate(features.names)}
        split = read_annotations(self.root / data)['split']
        tensors = {u: torch.from_numpy(f) for u, f in features.streams.items()}
        stream = 'fused' if len(tensors) > 1 else next(iter(tensors))
        z = stream_vectors(tensors, stream).numpy()
        learnt = [row[name] for name in split[train]]
        chosen = np.isin(split[train], split[labels])
        asked = [row[name] for name in split[val]]
        asked = [i for i in asked if features.labels[i] != UNLABELLED]
        return frozen_accuracies(
            z[learnt],
            np.where(chosen, features.labels[learnt], UNLABELLED),
            z[asked],
            features.labels[asked],
        )


class JointBaselines(Evaluation):
    """Ridge and nearest neighbour on the joints."""

    trivial = True

    def measure(
        self, data: str, labels: str, train: str, val: str
    ) -> Dict[str, float]:
        """:func:`prepared_baselines`, fitted to the labels."""
        pair = labels, val
        (result,) = prepared_baselines(self.root / data, [pair]).values()
        return result
