"""What is odd in a set of clips, by their nearest neighbours.

All of it works on vectors by Euclidean distance: unit vectors of features, in
the order of the cosine, or joints as
:func:`~projects.ikem.evaluation.baselines.baseline_features` lays them out.
"""

from typing import List, NamedTuple, Optional, Tuple

import numpy as np

from projects.ikem.datasets.prepared_checks import UNLABELLED

NUM_NEIGHBOURS = 10


class Neighbours(NamedTuple):
    """The k nearest of the other clips, the nearest first.

    Args:
        distance (np.ndarray): Distances of shape (N, k).
        index (np.ndarray): Their indices of shape (N, k).
    """

    distance: np.ndarray
    index: np.ndarray


def nearest_neighbours(x: np.ndarray, k: int = NUM_NEIGHBOURS) -> Neighbours:
    """The nearest of the other clips, of less than k others all.

    Args:
        x (np.ndarray): Vectors of shape (N, D).
        k (int): How many. Defaults to 10.

    Raises:
        ImportError: If scikit-learn is not installed.
        ValueError: If there are less than two clips.
    """
    try:
        from sklearn.neighbors import NearestNeighbors
    except ImportError as error:
        raise ImportError(
            'neighbours of a set need scikit-learn: pip install scikit-learn'
        ) from error
    if len(x) < 2:
        raise ValueError('a single clip has no neighbours: take more')
    search = NearestNeighbors(n_neighbors=min(k, len(x) - 1)).fit(x)
    return Neighbours(*search.kneighbors())  # leaves the clip itself out


def outlier_scores(neighbours: Neighbours) -> np.ndarray:
    """Mean distance to the k nearest, of shape (N, ) (Angiulli and Pizzuti,
    2002); the largest are outliers."""
    return neighbours.distance.mean(1)


def near_duplicates(
    neighbours: Neighbours, most: int = 50, below: float = 0.25
) -> List[Tuple[int, int, float]]:
    """Pairs of clips that are much nearer than the clips around them.

    The distance of a pair is taken as a part of the median distance of each
    clip to its neighbours, the smaller one of both: dense groups hold no
    duplicates for being dense.

    Args:
        neighbours (Neighbours): The neighbours.
        most (int): How many pairs at most. Defaults to 50.
        below (float): The part up to which a pair counts. Defaults to 0.25.

    Returns:
        list[tuple[int, int, float]]: Both indices, the smaller one first, and
        the part; the nearest pairs first.
    """
    usual = np.maximum(np.median(neighbours.distance, axis=1), 1e-12)
    parts = {}
    for i, row in enumerate(neighbours.index):
        for j, distance in zip(row.tolist(), neighbours.distance[i].tolist()):
            part = distance / min(usual[i], usual[j])
            if part <= below:
                parts[min(i, j), max(i, j)] = float(part)
    ranked = sorted(parts.items(), key=lambda item: item[1])
    return [(i, j, part) for (i, j), part in ranked[:most]]


def neighbour_votes(
    neighbours: Neighbours, labels: np.ndarray, num_classes: int
) -> np.ndarray:
    """Shares of the classes among the labelled neighbours.

    A neighbour at distance d votes with ``exp(-(d / s)^2)``, where s is the
    clip's mean distance to its neighbours: of unit vectors, whose
    ``d^2 = 2 - 2 cos``, these are the votes of ``knn_scores`` with a
    temperature of ``s^2 / 2``.

    Args:
        neighbours (Neighbours): The neighbours.
        labels (np.ndarray): Classes, -1 of clips without one, (N, ).
        num_classes (int): Number of classes C.

    Returns:
        np.ndarray: Shares of shape (N, C), 0 without a labelled neighbour.
    """
    distance, index = neighbours
    scale = np.maximum(distance.mean(1, keepdims=True), 1e-12)
    weight = np.exp(-np.square(distance / scale))  # (N, k)
    voters = labels[index]
    weight[voters == UNLABELLED] = 0
    votes = np.zeros((len(labels), num_classes))
    rows = np.arange(len(labels))[:, None]
    np.add.at(votes, (rows, np.maximum(voters, 0)), weight)
    return votes / np.maximum(votes.sum(1, keepdims=True), 1e-12)


def predicted_classes(votes: np.ndarray) -> np.ndarray:
    """The class with most votes, -1 without any, (N, )."""
    return np.where(votes.any(1), votes.argmax(1), UNLABELLED)


def label_doubts(votes: np.ndarray, labels: np.ndarray) -> np.ndarray:
    """How far neighbours deny the label of each clip.

    Args:
        votes (np.ndarray): Shares of shape (N, C).
        labels (np.ndarray): Classes, -1 of clips without one, (N, ).

    Returns:
        np.ndarray: The largest share of another class less that of the own
        one, in -1 to 1, of shape (N, ); -1 without a label.
    """
    known = labels != UNLABELLED
    rows = np.arange(len(labels))
    own = votes[rows, np.maximum(labels, 0)]
    others = votes.copy()
    others[rows, np.maximum(labels, 0)] = 0
    return np.where(known, others.max(1) - own, -1.0)


class Clusters(NamedTuple):
    """Clusters of clips.

    Args:
        index (np.ndarray): Number of the cluster of each clip, (N, ).
        medoids (list[int]): The clip nearest to the mean of each cluster.
    """

    index: np.ndarray
    medoids: List[int]


def find_clusters(x: np.ndarray, num: int, seed: int = 0) -> Clusters:
    """k-means clusters, the largest first.

    Args:
        x (np.ndarray): Vectors of shape (N, D).
        num (int): How many; of less clips one each.
        seed (int): Seed. Defaults to 0.
    """
    from sklearn.cluster import KMeans

    fitted = KMeans(min(num, len(x)), n_init=4, random_state=seed).fit(x)
    sizes = np.bincount(fitted.labels_, minlength=fitted.n_clusters)
    order = [c for c in np.argsort(-sizes, kind='stable') if sizes[c]]
    rank = {int(c): i for i, c in enumerate(order)}
    away = np.square(x - fitted.cluster_centers_[fitted.labels_]).sum(1)
    medoids = []
    for c in order:
        members = np.flatnonzero(fitted.labels_ == c)
        medoids.append(int(members[away[members].argmin()]))
    return Clusters(np.array([rank[int(c)] for c in fitted.labels_]), medoids)


def label_next(
    x: np.ndarray,
    labels: np.ndarray,
    num: int = 24,
    neighbours: Optional[Neighbours] = None,
) -> List[int]:
    """Clips to label next: typical ones of parts that have no label yet.

    The clips form as many clusters as there are labels plus ``num``, but at
    most ``num`` or a tenth of the clips, the larger of both. From each
    cluster without a label comes the clip with the nearest neighbours
    (TypiClust; Hacohen et al., 2022), the largest cluster first; then the
    others, in turn.

    Args:
        x (np.ndarray): Vectors of shape (N, D).
        labels (np.ndarray): Classes, -1 of clips without one, (N, ).
        num (int): How many. Defaults to 24.
        neighbours (Neighbours, optional): Those of ``x``, if they are known.

    Returns:
        list[int]: Indices of clips without a label.
    """
    unknown = labels == UNLABELLED
    if not unknown.any():
        return []
    known = int((~unknown).sum())
    clusters = find_clusters(x, min(known + num, max(num, len(x) // 10)))
    away = outlier_scores(neighbours or nearest_neighbours(x))
    lists = []
    for c in range(len(clusters.medoids)):
        members = np.flatnonzero(clusters.index == c)
        free = members[unknown[members]]
        covered = len(free) < len(members)
        lists.append((covered, -len(members), free[away[free].argsort()]))
    lists.sort(key=lambda entry: entry[:2])
    turns = max(len(free) for *_, free in lists)
    ranked = [
        int(free[turn])
        for turn in range(turns)
        for *_, free in lists
        if turn < len(free)
    ]
    return ranked[:num]
