"""What a page tells of a set of clips by each stream of vectors."""

from typing import Any, Dict, NamedTuple, Optional

import numpy as np
import torch

from projects.ikem.datasets.prepared_checks import UNLABELLED
from projects.ikem.evaluation import cleaning
from projects.ikem.evaluation.baselines import baseline_features
from projects.ikem.evaluation.features import Features
from projects.ikem.visualization.embedding import to_plane
from projects.ikem.visualization.encoded import stream_vectors

RAW = 'raw joints'
_SHOWN_NEIGHBOURS = 6
_LISTED = 48  # rows of a panel at most


class Findings(NamedTuple):
    """What neighbours say of each clip.

    Args:
        neighbours (Neighbours): The nearest.
        predicted (np.ndarray): Class by their votes, -1 without any, (N, ).
        doubt (np.ndarray): See :func:`cleaning.label_doubts`.
        outlier (np.ndarray): See :func:`cleaning.outlier_scores`.
    """

    neighbours: cleaning.Neighbours
    predicted: np.ndarray
    doubt: np.ndarray
    outlier: np.ndarray


def find(x: np.ndarray, labels: np.ndarray) -> Findings:
    """Ask the neighbours of each clip.

    Args:
        x (np.ndarray): Vectors of shape (N, D).
        labels (np.ndarray): Classes, -1 of clips without one, (N, ).
    """
    neighbours = cleaning.nearest_neighbours(x)
    num_classes = max(int(labels.max()) + 1, 1)
    votes = cleaning.neighbour_votes(neighbours, labels, num_classes)
    return Findings(
        neighbours,
        cleaning.predicted_classes(votes),
        cleaning.label_doubts(votes, labels),
        cleaning.outlier_scores(neighbours),
    )


def stream_names(features: Features) -> list:
    """Fused if there are several modalities, each of them, raw joints."""
    fused = ['fused'] if len(features.streams) > 1 else []
    return [*fused, *features.streams, RAW]


def vectors_of(
    features: Features, stream: str, keypoint: np.ndarray
) -> np.ndarray:
    """Vectors of a stream, compared by Euclidean distance, of shape (N, D).

    Args:
        features (Features): Features of the clips.
        stream (str): One of :func:`stream_names`.
        keypoint (np.ndarray): Their joints, (N, M, T, V, C).
    """
    if stream == RAW:
        return np.stack([baseline_features(clip) for clip in keypoint])
    tensors = {u: torch.from_numpy(f) for u, f in features.streams.items()}
    return stream_vectors(tensors, stream).numpy()


def analyse(
    x: np.ndarray,
    labels: np.ndarray,
    method: str = 'tsne',
    num_clusters: Optional[int] = None,
    seed: int = 0,
) -> Dict[str, Any]:
    """What the page shows of a stream.

    Args:
        x (np.ndarray): Vectors of shape (N, D).
        labels (np.ndarray): Classes, -1 of clips without one, (N, ).
        method (str): ``'tsne'`` or ``'umap'``.
        num_clusters (int, optional): Defaults to the number of classes that
            occur, at least 8.
        seed (int): Seed.

    Returns:
        dict: Lists by name, as the page reads them.
    """
    found = find(x, labels)
    known = labels != UNLABELLED
    num_clusters = num_clusters or max(8, len(np.unique(labels[known])))
    clusters = cleaning.find_clusters(x, num_clusters, seed)
    points = to_plane(x, method, seed, metric='euclidean')
    near = found.neighbours
    doubtful = np.argsort(-found.doubt, kind='stable')
    odd = np.argsort(-found.outlier, kind='stable')
    unit = max(float(np.median(found.outlier)), 1e-12)
    return dict(
        points=_scaled(points).round(4).tolist(),
        neighbours=near.index[:, :_SHOWN_NEIGHBOURS].tolist(),
        predicted=found.predicted.tolist(),
        cluster=clusters.index.tolist(),
        medoids=clusters.medoids,
        outliers=[
            [int(i), round(float(found.outlier[i]) / unit, 2)]
            for i in odd[:_LISTED]
        ],
        duplicates=[
            [i, j, round(d, 3)]
            for i, j, d in cleaning.near_duplicates(near, _LISTED)
        ],
        doubts=[
            [int(i), round(float(found.doubt[i]), 2)]
            for i in doubtful[:_LISTED]
            if found.doubt[i] > 0
        ],
        next=cleaning.label_next(x, labels, _LISTED, near),
    )


def _scaled(points: np.ndarray) -> np.ndarray:
    """Into -1 to 1, the same scale in both directions."""
    low, high = points.min(0), points.max(0)
    return (points - (low + high) / 2) / max((high - low).max() / 2, 1e-12)
