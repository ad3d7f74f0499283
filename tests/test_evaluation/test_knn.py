import math
from itertools import product

import pytest
import torch

from projects.ikem.evaluation.knn import (
    average_precision,
    first_hit,
    knn_scores,
    stream_similarity,
)
from projects.ikem.evaluation.retrieval_metric import SkeletonRetrievalMetric

N, G, CLASSES = 7, 23, 4


@pytest.fixture
def features():
    query = {u: torch.randn(N, d) for u, d in (('joint', 5), ('bone', 9))}
    gallery = {u: 3 * torch.randn(G, f.size(1)) for u, f in query.items()}
    return query, gallery


@pytest.fixture
def labels():
    return torch.randint(CLASSES, (G,))


def cosine(x, y):
    norms = math.sqrt(sum(a * a for a in x) * sum(b * b for b in y))
    return sum(a * b for a, b in zip(x, y)) / norms


def test_similarity_against_a_loop(features):
    query, gallery = features
    similarity = stream_similarity(query, gallery)
    assert list(similarity) == ['joint', 'bone', 'fused']
    for i, j in product(range(N), range(G)):
        expected = {
            u: cosine(query[u][i].tolist(), gallery[u][j].tolist())
            for u in query
        }
        expected['fused'] = sum(expected.values()) / 2
        found = {stream: s[i, j].item() for stream, s in similarity.items()}
        assert found == pytest.approx(expected, abs=1e-6)


def test_one_modality_is_not_fused(features):
    query, gallery = features
    assert list(stream_similarity({'joint': query['joint']}, gallery)) == [
        'joint'
    ]


@pytest.mark.parametrize('k', [1, 5, G])
@pytest.mark.parametrize('temperature', [0.1, 1.0])
def test_scores_against_a_loop(features, labels, k, temperature):
    similarity = stream_similarity(*features)['joint']
    scores = knn_scores(similarity, labels, CLASSES, k, temperature)
    for i, row in enumerate(similarity.tolist()):
        nearest = sorted(range(G), key=lambda j: -row[j])[:k]
        votes = [0.0] * CLASSES
        for j in nearest:
            votes[labels[j]] += math.exp(row[j] / temperature)
        expected = torch.tensor(votes) / sum(votes)
        torch.testing.assert_close(scores[i], expected)


def test_scores_are_finite_at_any_temperature(features, labels):
    similarity = stream_similarity(*features)['joint']
    scores = knn_scores(similarity, labels, CLASSES, 5, 1e-4)
    torch.testing.assert_close(scores.sum(1), torch.ones(N))


def test_the_nearest_one_is_that_of_sklearn(features, labels):
    neighbors = pytest.importorskip('sklearn.neighbors')
    query, gallery = features
    theirs = neighbors.KNeighborsClassifier(n_neighbors=1, metric='cosine')
    theirs.fit(gallery['bone'].numpy(), labels.numpy())
    similarity = stream_similarity(query, gallery)['bone']
    ours = knn_scores(similarity, labels, CLASSES, 1).argmax(1)
    assert ours.tolist() == theirs.predict(query['bone'].numpy()).tolist()


def test_average_precision_and_first_hit_against_a_loop():
    hits = torch.rand(N, G) < 0.3
    hits[0] = False
    hits[1] = True
    for row, precision, rank in zip(
        hits.tolist(),
        average_precision(hits).tolist(),
        first_hit(hits).tolist(),
    ):
        ranks = [r for r, hit in enumerate(row, 1) if hit]
        precisions = [n / r for n, r in enumerate(ranks, 1)]
        mean = sum(precisions) / max(len(ranks), 1)
        assert precision == pytest.approx(mean)
        assert rank == min(ranks, default=G + 1)


def test_average_precision_is_that_of_sklearn(features, labels):
    metrics = pytest.importorskip('sklearn.metrics')
    similarity = stream_similarity(*features)['fused']
    for c in labels.unique():
        order = similarity.argsort(1, descending=True)
        precisions = average_precision(labels[order] == c)
        for s, precision in zip(similarity, precisions):
            expected = metrics.average_precision_score(labels == c, s)
            assert precision.item() == pytest.approx(expected)


def test_retrieval_metric_averages_over_the_queries():
    found = [(1, 1.0), (5, 0.5), (6, 0.25), (24, 0.0)]

    def result(rank, precision):
        return dict(neighbours=[], first_hit=rank, average_precision=precision)

    samples = [
        dict(retrieved=dict(joint=result(*pair), fused=result(1, 1.0)))
        for pair in found
    ]
    metric = SkeletonRetrievalMetric()
    metric.process({}, samples[:3])
    metric.process({}, samples[3:])
    assert metric.evaluate(4) == {
        'retrieval/joint_recall1': 0.25,
        'retrieval/joint_recall5': 0.5,
        'retrieval/joint_recall10': 0.75,
        'retrieval/joint_mAP': 0.4375,
        'retrieval/fused_recall1': 1.0,
        'retrieval/fused_recall5': 1.0,
        'retrieval/fused_recall10': 1.0,
        'retrieval/fused_mAP': 1.0,
    }
