"""Neighbours of a set: against loops, and on sets with known faults."""

import numpy as np
import pytest

pytest.importorskip('sklearn')

from projects.ikem.evaluation import cleaning

N, D, CLASSES = 60, 5, 3


@pytest.fixture
def groups():
    """Three groups of twenty, far from each other, and their labels."""
    rng = np.random.default_rng(0)
    labels = np.arange(N) % CLASSES
    return 8 * np.eye(D)[labels] + rng.normal(size=(N, D)), labels


def test_neighbours_as_a_loop(groups):
    x, labels = groups
    distance, index = found = cleaning.nearest_neighbours(x, 4)
    votes = cleaning.neighbour_votes(found, labels, CLASSES)
    for i in range(N):
        away = {j: np.linalg.norm(x[i] - x[j]) for j in range(N) if j != i}
        nearest = sorted(away, key=away.get)[:4]
        assert index[i].tolist() == nearest
        d = [away[j] for j in nearest]
        np.testing.assert_allclose(distance[i], d)
        s = sum(d) / 4
        assert cleaning.outlier_scores(found)[i] == pytest.approx(s)
        shares = [0.0] * CLASSES
        for j in nearest:
            shares[labels[j]] += np.exp(-((away[j] / s) ** 2))
        np.testing.assert_allclose(votes[i], np.array(shares) / sum(shares))


def test_outliers_duplicates_and_wrong_labels(groups):
    x, labels = groups
    x[7] += 30
    x[20] = x[41] + 1e-3
    x[33] = x[3]
    wrong = labels.copy()
    wrong[[0, 11, 50]] = (wrong[[0, 11, 50]] + 1) % CLASSES
    found = cleaning.nearest_neighbours(x)
    assert cleaning.outlier_scores(found).argmax() == 7
    pairs = cleaning.near_duplicates(found)
    assert [pair[:2] for pair in pairs] == [(3, 33), (20, 41)]
    assert pairs[0][2] == 0 < pairs[1][2] < 0.01
    assert cleaning.near_duplicates(found, most=1) == pairs[:1]
    votes = cleaning.neighbour_votes(found, wrong, CLASSES)
    doubts = cleaning.label_doubts(votes, wrong)
    assert set(np.argsort(-doubts)[:3]) == {0, 11, 50}
    assert (doubts[[0, 11, 50]] > 0.5).all()
    predicted = cleaning.predicted_classes(votes)
    assert (np.delete(predicted, 7) == np.delete(labels, 7)).all()


def test_clips_without_a_label(groups):
    x, labels = groups
    labels[labels == 2] = -1
    found = cleaning.nearest_neighbours(x)
    votes = cleaning.neighbour_votes(found, labels, CLASSES)
    unlabelled = labels == -1
    assert (cleaning.predicted_classes(votes)[unlabelled] == -1).all()
    assert (cleaning.label_doubts(votes, labels)[unlabelled] == -1).all()
    assert votes[:, 2].max() == 0


def test_what_to_label_next(groups):
    x, truth = groups
    labels = np.where(truth == 0, 0, -1)
    chosen = cleaning.label_next(x, labels, 2)
    assert set(truth[chosen]) == {1, 2}  # one of each group without a label
    everything = cleaning.label_next(x, labels, N)
    assert sorted(everything) == np.flatnonzero(labels == -1).tolist()
    assert cleaning.label_next(x, truth) == []


def test_clusters(groups):
    x, labels = groups
    labels[:5] = 0
    x[:5] = 8 * np.eye(D)[0]  # the first group becomes the largest
    index, medoids = cleaning.find_clusters(x, 3)
    assert [len(set(labels[index == c])) for c in range(3)] == [1, 1, 1]
    assert (np.diff(np.bincount(index)) <= 0).all()
    for c, medoid in enumerate(medoids):
        members = np.flatnonzero(index == c)
        away = np.linalg.norm(x[members] - x[members].mean(0), axis=1)
        assert medoid == members[away.argmin()]
    assert len(cleaning.find_clusters(x[10:12], 9).medoids) == 2


def test_too_few():
    with pytest.raises(ValueError, match='single'):
        cleaning.nearest_neighbours(np.zeros((1, 3)))
    assert cleaning.nearest_neighbours(np.eye(3)).index.shape == (3, 2)
