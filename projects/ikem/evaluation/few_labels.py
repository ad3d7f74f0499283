"""Classes from a few labels and frozen features, without a training loop.

Features are unit vectors z, such as those of
:func:`~projects.ikem.visualization.encoded.stream_vectors`.
"""

from typing import Dict

import numpy as np
import torch

from projects.ikem.datasets.prepared_checks import UNLABELLED

from .knn import knn_scores

# Of the logistic regression, on standardised features.
LINEAR_C = 1.0
# Of the graph of the label propagation.
PROPAGATION_NEIGHBOURS = 10
PROPAGATION_ALPHA = 0.9


def frozen_accuracies(
    train: np.ndarray,
    labels: np.ndarray,
    val: np.ndarray,
    labels_val: np.ndarray,
) -> Dict[str, float]:
    """Top-1 accuracies in percent of what needs no more than features.

    Args:
        train (np.ndarray): Features of shape (N, D), of all clips that may be
            learnt from.
        labels (np.ndarray): Their classes, -1 of clips without one, (N, ).
        val (np.ndarray): Features to classify, of shape (N', D).
        labels_val (np.ndarray): Their classes, of shape (N', ).

    Returns:
        dict[str, float]: ``linear``, ``knn1`` and ``propagation``, by
        :func:`linear`, :func:`nearest` and :func:`propagate`.

    Raises:
        ImportError: If scikit-learn is not installed.
    """
    functions = dict(linear=linear, knn1=nearest, propagation=propagate)
    return {
        name: 100 * float((function(train, labels, val) == labels_val).mean())
        for name, function in functions.items()
    }


def linear(
    train: np.ndarray, labels: np.ndarray, val: np.ndarray
) -> np.ndarray:
    """Classes by logistic regression, ``min |W|^2 / 2 + C * loss`` with C
    :data:`LINEAR_C`.

    Features are standardised by mean and deviation of all N clips; labels
    teach the weights alone.

    Args:
        train (np.ndarray): Features of shape (N, D).
        labels (np.ndarray): Classes, -1 of clips without one, (N, ).
        val (np.ndarray): Features to classify, of shape (N', D).

    Returns:
        np.ndarray: Classes of shape (N', ).

    Raises:
        ImportError: If scikit-learn is not installed.
    """
    _require_sklearn()
    from sklearn.linear_model import LogisticRegression

    known = labels != UNLABELLED
    if len(set(labels[known])) == 1:
        return np.full(len(val), labels[known][0])
    mean, std = train.mean(0), train.std(0)
    std = np.where(std > 1e-6, std, 1)  # of unit vectors; else constant
    model = LogisticRegression(C=LINEAR_C, max_iter=1000)
    model.fit((train[known] - mean) / std, labels[known])
    return model.predict((val - mean) / std)


def nearest(
    train: np.ndarray, labels: np.ndarray, val: np.ndarray
) -> np.ndarray:
    """Classes of the clips with a label of the highest cosine; arguments of
    :func:`linear`."""
    known = labels != UNLABELLED
    similarity = torch.from_numpy(val) @ torch.from_numpy(train[known]).T
    voters = torch.from_numpy(labels[known])
    scores = knn_scores(similarity, voters, int(voters.max()) + 1, k=1)
    return scores.argmax(1).numpy()


def propagate(
    train: np.ndarray, labels: np.ndarray, val: np.ndarray
) -> np.ndarray:
    """Classes by label spreading (Zhou et al., 2004) over the training clips.

    Labels spread over the graph of the k nearest neighbours (k
    :data:`PROPAGATION_NEIGHBOURS`, a clip itself counts) until ``F = alpha S
    F + (1 - alpha) Y``, with alpha :data:`PROPAGATION_ALPHA`. The clips to
    classify take no part in it: each asks its k nearest training clips, with
    or without a label, or where no label has reached these, the nearest clip
    with a label. Arguments of :func:`linear`.

    Raises:
        ImportError: If scikit-learn is not installed.
    """
    _require_sklearn()
    from sklearn.semi_supervised import LabelSpreading

    model = LabelSpreading(
        kernel='knn',
        n_neighbors=min(PROPAGATION_NEIGHBOURS, len(train)),
        alpha=PROPAGATION_ALPHA,
        max_iter=1000,
        tol=1e-6,
    ).fit(train, labels)
    with np.errstate(invalid='ignore'):  # 0 / 0 where no label has arrived
        shares = model.predict_proba(val)
    spread = model.classes_[shares.argmax(1)]
    reached = np.isfinite(shares).all(1)
    return np.where(reached, spread, nearest(train, labels, val))


def _require_sklearn() -> None:
    try:
        import sklearn  # noqa: F401
    except ImportError as error:
        raise ImportError(
            'classes from few labels need scikit-learn: pip install '
            'scikit-learn'
        ) from error
