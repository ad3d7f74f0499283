"""Classes from a few labels and features, against loops."""

import numpy as np
import pytest

pytest.importorskip('sklearn')

import torch

from projects.ikem.evaluation.few_labels import (
    LINEAR_C,
    PROPAGATION_ALPHA,
    PROPAGATION_NEIGHBOURS,
    frozen_accuracies,
    linear,
    nearest,
    propagate,
)

N, ASKED, D, CLASSES = 60, 240, 6, 3


def unit(x):
    return x / np.linalg.norm(x, axis=1, keepdims=True)


@pytest.fixture
def clips():
    """Training clips, their labels, three of each class, and others."""
    rng = np.random.default_rng(0)
    classes = np.arange(N + ASKED) % CLASSES
    x = 0.8 * np.eye(D)[classes] + rng.normal(size=(len(classes), D))
    z = unit(x).astype(np.float32)
    labels = np.where(np.arange(N) < 3 * CLASSES, classes[:N], -1)
    return z[:N], labels, z[N:], classes[N:]


def test_nearest_as_a_loop(clips):
    train, labels, val, _ = clips
    expected = [
        max(
            (float(z @ other), int(label))
            for other, label in zip(train, labels)
            if label != -1
        )[1]
        for z in val
    ]
    assert nearest(train, labels, val).tolist() == expected


def test_linear_minimises_its_objective(clips):
    """|W|^2 / 2 + C * sum of cross entropies, by gradient descent."""
    train, labels, val, _ = clips
    mean, std = train.mean(0), train.std(0)
    known = labels != -1
    x, x_val = (
        torch.from_numpy((z - mean) / std).double()
        for z in (train[known], val)
    )
    y = torch.from_numpy(labels[known])
    weight = torch.zeros(CLASSES, D, dtype=torch.double, requires_grad=True)
    bias = torch.zeros(CLASSES, dtype=torch.double, requires_grad=True)
    for _ in range(500):
        loss = weight.square().sum() / 2 + LINEAR_C * (
            torch.nn.functional.cross_entropy(
                x @ weight.T + bias, y, reduction='sum'
            )
        )
        gradients = torch.autograd.grad(loss, [weight, bias])
        with torch.no_grad():
            for parameter, gradient in zip((weight, bias), gradients):
                parameter -= 0.05 * gradient
    expected = (x_val @ weight.T + bias).argmax(1)
    assert linear(train, labels, val).tolist() == expected.tolist()


def test_propagation_as_loops(clips):
    train, labels, val, _ = clips
    k = PROPAGATION_NEIGHBOURS

    def nearest_k(z):
        away = [float(np.linalg.norm(z - other)) for other in train]
        return sorted(range(N), key=away.__getitem__)[:k]

    edges = [[j for j in nearest_k(train[i]) if j != i] for i in range(N)]
    degree = [sum(i in edge for edge in edges) for i in range(N)]
    s = np.zeros((N, N))
    for i, edge in enumerate(edges):
        for j in edge:
            s[i, j] = 1 / np.sqrt((degree[i] or 1) * (degree[j] or 1))
    given = np.zeros((N, CLASSES))
    for i, label in enumerate(labels):
        if label != -1:
            given[i, label] = 1
    a = PROPAGATION_ALPHA
    spread = np.linalg.solve(np.eye(N) - a * s, (1 - a) * given)
    spread /= spread.sum(1, keepdims=True)
    expected = [
        int(sum(spread[j] for j in nearest_k(z)).argmax()) for z in val
    ]
    assert propagate(train, labels, val).tolist() == expected


def test_clips_to_classify_take_no_part(clips):
    train, labels, val, _ = clips
    for function in (linear, nearest, propagate):
        alone = [function(train, labels, z[None])[0] for z in val]
        assert function(train, labels, val).tolist() == alone


def test_where_no_label_arrives_the_nearest_one_counts():
    """Two groups far apart, labels in one of them."""
    rng = np.random.default_rng(1)
    near, far = (
        unit(np.array(mean) + 0.01 * rng.normal(size=(20, 3)))
        for mean in ((1, 0, 0), (0, 0.6, 0.8))
    )
    train = np.concatenate((near, far)).astype(np.float32)
    labels = np.full(40, -1)
    toward = (train @ far.sum(0))[:20].argsort()
    labels[toward[0]], labels[toward[-1]] = 2, 4
    val = far[:5].astype(np.float32)
    assert nearest(train, labels, val).tolist() == [4] * 5
    assert propagate(train, labels, val).tolist() == [4] * 5


def test_labels_that_spread_help():
    """Two bows, one label each at an end: of unlabelled clips the labels
    travel to the other end."""
    angle = np.linspace(0, 1.4, 60)
    bows = [
        np.stack((np.cos(angle + turn), np.sin(angle + turn), z + 0 * angle))
        for turn, z in ((0, 0.45), (1.2, -0.45))
    ]
    x = unit(np.concatenate([bow.T for bow in bows])).astype(np.float32)
    classes = np.repeat([0, 1], 60)
    labels = np.full(120, -1)
    labels[[59, 119]] = 0, 1
    found = frozen_accuracies(x, labels, x, classes)
    assert found['propagation'] == 100 > found['knn1']


def test_a_single_class(clips):
    train, labels, val, _ = clips
    labels = np.where(np.arange(N) == 7, 2, -1)
    for function in (linear, nearest, propagate):
        assert set(function(train, labels, val)) == {2}
