"""Fusing the predictions of separately trained streams."""

import io
import math
from collections import Counter
from dataclasses import dataclass
from typing import Any, Dict, List, Optional, Sequence

import mmengine
import numpy as np
import torch
from mmaction.evaluation import (
    confusion_matrix,
    get_weighted_score,
    top_k_accuracy,
)

from projects.ikem.datasets.formats import FormatError, restricted_pickle
from projects.ikem.files import written_aside
from projects.ikem.unpickling import Refused


def _load_storage(data: bytes) -> Any:
    """Stand in for ``torch.storage._load_from_bytes``, which would execute
    what the bytes hold."""
    return torch.load(io.BytesIO(data), weights_only=True)


def _rebuild_tensor(
    storage: Any, offset: int, size: Sequence[int], stride: Sequence[int], *_
) -> np.ndarray:
    """Stand in for ``torch._utils._rebuild_tensor_v2``, which would make the
    storage as large as the pickle claims."""
    num = storage._size()
    if math.prod(size) > num:
        raise Refused('a tensor larger than its storage')
    flat = torch._utils._rebuild_tensor(storage, 0, (num,), (1,))
    return flat.as_strided(size, stride, offset).numpy()


# As tensors are pickled.
_TENSORS = {
    ('torch._utils', '_rebuild_tensor_v2'): _rebuild_tensor,
    ('torch.storage', '_load_from_bytes'): _load_storage,
}


@dataclass
class Predictions:
    """Scores of named samples.

    Args:
        title (str): What to call them.
        names (list[str]): Name of each sample.
        labels (np.ndarray): Class of each, of shape (N, ).
        scores (np.ndarray): Score of each class, of shape (N, classes).
    """

    title: str
    names: List[str]
    labels: np.ndarray
    scores: np.ndarray

    def accuracy(self) -> Dict[str, float]:
        """Top-1, top-5 and mean class accuracy in percent, the latter over
        the classes that occur."""
        top1, top5 = top_k_accuracy(self.scores, self.labels, (1, 5))
        matrix = confusion_matrix(self.scores.argmax(1), self.labels)
        clips = matrix.sum(1)
        mean = (matrix.diagonal()[clips > 0] / clips[clips > 0]).mean()
        return dict(top1=100 * top1, top5=100 * top5, mean_class=100 * mean)

    def save(self, path: str) -> None:
        """Write them in the form that they are read in.

        Args:
            path (str): The pickle, named such as ``fused.pkl``.

        Raises:
            OSError: If it cannot be written.
        """
        samples = [
            dict(
                frame_dir=name,
                gt_label=torch.tensor([label]),
                pred_label=torch.tensor([score.argmax()]),
                pred_score=torch.tensor(score),
            )
            for name, label, score in zip(self.names, self.labels, self.scores)
        ]
        with written_aside(path) as aside:
            mmengine.dump(samples, str(aside))


def load_predictions(path: str, stream: Optional[str] = None) -> Predictions:
    """Read predictions saved by ``tools/test.py --dump``.

    Nothing in the file is executed.

    Args:
        path (str): The pickle that mmengine's ``DumpResults`` wrote.
        stream (str, optional): The stream to take where there are several,
            such as ``'fused'``.

    Returns:
        Predictions: The samples in the order of the file.

    Raises:
        FormatError: If the file holds anything else, samples without or with
            equal names, scores of different lengths or that are not finite,
            or no such stream.
        OSError: If it cannot be read.
    """
    samples = restricted_pickle.load(path, _TENSORS)
    try:
        names = [sample['frame_dir'] for sample in samples]
        labels = np.array(
            [_to_label(sample['gt_label']) for sample in samples]
        )
        scores = [sample['pred_score'] for sample in samples]
    except (
        ArithmeticError,
        AttributeError,
        LookupError,
        TypeError,
        ValueError,
    ) as error:
        raise FormatError(
            path,
            'is no list of samples with frame_dir, one gt_label and '
            "pred_score: save it with tools/test.py --dump and 'frame_dir' "
            'among the meta_keys of PackSkeleton '
            f'({type(error).__name__}: {error})',
        ) from error
    _check_names(path, names)
    scores = _as_array(path, [_pick(path, score, stream) for score in scores])
    if not ((labels >= 0) & (labels < scores.shape[1])).all():
        raise FormatError(
            path, f'a label is not in 0 to {scores.shape[1] - 1}'
        )
    title = path if stream is None else f'{path}:{stream}'
    return Predictions(title, names, labels, scores)


def fuse(
    predictions: Sequence[Predictions], weights: Sequence[float]
) -> Predictions:
    """Mean of the scores of the same samples, weighted.

    Weights are given. Choosing them by the accuracy on the samples that it is
    then reported for would be tuning on the test labels.

    Args:
        predictions (Sequence[Predictions]): Of each stream; their samples
            are matched by name.
        weights (Sequence[float]): Weight of each.

    Returns:
        Predictions: Of the samples in the order of the first stream.

    Raises:
        ValueError: If the samples, their labels or the classes differ, or
            there is not one weight for each, none negative and not all zero.
    """
    weights = np.array(weights, float)
    if len(weights) != len(predictions):
        raise ValueError(
            f'{len(weights)} weights for {len(predictions)} predictions'
        )
    if not (np.isfinite(weights).all() and (weights >= 0).all()):
        raise ValueError(f'weights must not be negative, got {weights}')
    if not weights.any():
        raise ValueError('all weights are zero')
    first = predictions[0]
    aligned = [_align(first, other) for other in predictions]
    scores = get_weighted_score(aligned, weights / weights.sum())
    return Predictions('fused', first.names, first.labels, np.array(scores))


def _align(first: Predictions, other: Predictions) -> np.ndarray:
    """Scores of other in the order of first, of shape (N, classes)."""
    for here, there in ((first, other), (other, first)):
        lacking = sorted(set(here.names) - set(there.names))
        if lacking:
            raise ValueError(
                f'{there.title} lacks {len(lacking)} samples of {here.title}, '
                f'such as {", ".join(lacking[:3])}: test all streams on the '
                'same split'
            )
    if first.scores.shape[1] != other.scores.shape[1]:
        raise ValueError(
            f'{other.title} has {other.scores.shape[1]} classes, '
            f'{first.title} {first.scores.shape[1]}'
        )
    row = {name: i for i, name in enumerate(other.names)}
    rows = [row[name] for name in first.names]
    (differing,) = np.nonzero(other.labels[rows] != first.labels)
    if len(differing):
        raise ValueError(
            f'{other.title} and {first.title} have different labels for '
            f'{len(differing)} samples, such as {first.names[differing[0]]}'
        )
    return other.scores[rows]


def _to_label(label: np.ndarray) -> int:
    return int(label.item())


def _check_names(path: str, names: List[Any]) -> None:
    if not names or not all(isinstance(name, str) for name in names):
        raise FormatError(path, 'holds no samples, or some without a name')
    twice = [name for name, count in Counter(names).items() if count > 1]
    if twice:
        raise FormatError(
            path,
            f'{len(twice)} names occur more than once, such as {twice[0]}',
        )


def _pick(path: str, score: Any, stream: Optional[str]) -> Any:
    """The score of a stream."""
    if not isinstance(score, dict):
        if stream is None:
            return score
        raise FormatError(path, f'holds one stream, leave out {stream!r}')
    if stream not in score:
        raise FormatError(
            path,
            'holds several streams: choose one of '
            f'{", ".join(map(str, score))} with --stream'
            + (f', not {stream!r}' if stream else ''),
        )
    return score[stream]


def _as_array(path: str, scores: List[Any]) -> np.ndarray:
    if not all(
        isinstance(score, np.ndarray) and score.dtype.kind == 'f'
        for score in scores
    ):
        raise FormatError(path, 'a score is no tensor of floats')
    try:
        array = np.stack(scores).astype(float)
    except ValueError as error:
        raise FormatError(path, f'scores do not match: {error}') from error
    if array.ndim != 2:
        raise FormatError(
            path, f'a score has the shape {array.shape[1:]}, not (classes, )'
        )
    if not np.isfinite(array).all():
        raise FormatError(path, 'scores are not finite')
    return array
