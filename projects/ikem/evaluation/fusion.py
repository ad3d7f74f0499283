"""Fusing the predictions of separately trained streams."""

from collections import Counter
from dataclasses import dataclass
from typing import Dict, List, Optional, Sequence

import numpy as np
from mmaction.evaluation import (
    confusion_matrix,
    get_weighted_score,
    top_k_accuracy,
)

from projects.ikem.datasets.formats import FormatError
from projects.ikem.files import written_aside


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
            path (str): The file, named such as ``fused.npz``.

        Raises:
            OSError: If it cannot be written.
        """
        with written_aside(path) as aside:
            np.savez(
                aside,
                names=np.array(self.names),
                labels=self.labels,
                scores=self.scores,
            )


def load_predictions(path: str, stream: Optional[str] = None) -> Predictions:
    """Read predictions saved by ``tools/test.py --dump``.

    Nothing in the file is executed.

    Args:
        path (str): The ``.npz`` that :class:`DumpPredictions` wrote.
        stream (str, optional): The stream to take where there are several,
            such as ``'fused'``.

    Returns:
        Predictions: The samples in the order of the file.

    Raises:
        FormatError: If the file holds anything else, samples without or with
            equal names, scores that are not finite, or no such stream.
        OSError: If it cannot be read.
    """
    arrays = _read(path)
    names = arrays['names'].tolist()
    twice = [name for name, count in Counter(names).items() if count > 1]
    if twice:
        raise FormatError(
            path,
            f'{len(twice)} names occur more than once, such as {twice[0]}',
        )
    labels, scores = arrays['labels'], _scores(path, arrays, stream)
    if not len(names) == len(labels) == len(scores) > 0:
        raise FormatError(path, 'has not a name, a label and scores of each')
    if not ((labels >= 0) & (labels < scores.shape[1])).all():
        raise FormatError(
            path, f'a label is not in 0 to {scores.shape[1] - 1}'
        )
    title = path if stream is None else f'{path}:{stream}'
    return Predictions(title, names, labels, scores)


def _read(path: str) -> Dict[str, np.ndarray]:
    """Arrays of a file of predictions; nothing in it is executed."""
    with open(path, 'rb') as file:
        # any bytes may come: numpy and zipfile raise almost all there is
        try:
            arrays = dict(np.load(file, allow_pickle=False))
            kinds = {x: arrays[x].dtype.kind for x in ('names', 'labels')}
        except Exception as error:
            raise FormatError(
                path,
                'is no .npz with names, labels and scores: save it with '
                "tools/test.py --dump FILE.npz and 'frame_dir' among the "
                'meta_keys of PackSkeleton; pickles, as DumpResults writes '
                f'them, are not read ({type(error).__name__}: {error})',
            ) from error
    if kinds != dict(names='U', labels='i') or any(
        arrays[name].ndim != 1 for name in kinds
    ):
        raise FormatError(path, 'needs one name and one label for each clip')
    return arrays


def _scores(
    path: str, arrays: Dict[str, np.ndarray], stream: Optional[str]
) -> np.ndarray:
    """Scores of a stream, of shape (N, classes)."""
    streams = [x[len('scores_') :] for x in arrays if x.startswith('scores_')]
    name = 'scores' if stream is None else f'scores_{stream}'
    if name not in arrays:
        reason = 'holds no scores, as the file of a retrieval'
        if streams:
            reason = (
                'holds several streams: choose one of '
                f'{", ".join(streams)} with --stream'
                + (f', not {stream!r}' if stream else '')
            )
        elif 'scores' in arrays:
            reason = f'holds one stream, leave out {stream!r}'
        raise FormatError(path, reason)
    scores = arrays[name]
    if scores.ndim != 2 or scores.dtype.kind != 'f':
        raise FormatError(
            path,
            'scores are floats of shape (clips, classes), got '
            f'{scores.dtype} of shape {scores.shape}',
        )
    if not np.isfinite(scores).all():
        raise FormatError(path, 'scores are not finite')
    return scores.astype(float)


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
