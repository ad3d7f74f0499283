"""Trivial baselines: what a data set gives away without a learned feature."""

import re
from pathlib import Path
from typing import Dict, List, Union

import numpy as np

from projects.ikem.datasets.prepared import read_annotations
from projects.ikem.datasets.prepared_checks import UNLABELLED
from projects.ikem.datasets.transforms import ResampleFrames

# Regularisation of the ridge classifier. There are several thousand
# standardised features, far more than clips, so the penalty is strong.
RIDGE_ALPHA = 1000.0


def baseline_features(
    keypoint: np.ndarray, num_frames: int = 24
) -> np.ndarray:
    """Positions and velocities of a few frames.

    Args:
        keypoint (np.ndarray): Prepared joints of shape (M, T, V, C): centred,
            resampled in time, shoulders aligned.
        num_frames (int): Frames after :class:`ResampleFrames`. Defaults to
            24.

    Returns:
        np.ndarray: Positions, then differences of neighbouring frames, of
        shape (M * (2 * num_frames - 1) * V * C, ).
    """
    total = keypoint.shape[1]
    clip = dict(keypoint=keypoint, raw_frames=total, length=total)
    position = ResampleFrames(num_frames).transform(clip)['keypoint']
    velocity = np.diff(position, axis=1)  # (M, num_frames - 1, V, C)
    return np.concatenate((position.ravel(), velocity.ravel()))


def trivial_baselines(
    features_train: np.ndarray,
    labels_train: np.ndarray,
    features_val: np.ndarray,
    labels_val: np.ndarray,
) -> Dict[str, float]:
    """Top-1 accuracy of a linear model and of the nearest neighbour.

    The ridge classifier sees features standardised with the training clips'
    mean and deviation (alpha = ``RIDGE_ALPHA``). The nearest neighbour is the
    Euclidean one of the features as they are, all in metres.

    Args:
        features_train (np.ndarray): Features to fit of shape (N, D).
        labels_train (np.ndarray): Their labels of shape (N, ).
        features_val (np.ndarray): Features to classify of shape (N', D).
        labels_val (np.ndarray): Their labels of shape (N', ).

    Returns:
        dict[str, float]: Accuracy of ``ridge`` and ``nn1`` in percent.

    Raises:
        ImportError: If scikit-learn is not installed.
    """
    try:
        from sklearn.linear_model import RidgeClassifier
        from sklearn.neighbors import KNeighborsClassifier
        from sklearn.pipeline import make_pipeline
        from sklearn.preprocessing import StandardScaler
    except ImportError as error:
        raise ImportError(
            'The trivial baselines need scikit-learn: '
            "run `pip install -e '.[plots]'`."
        ) from error

    classifiers = dict(
        ridge=make_pipeline(
            StandardScaler(), RidgeClassifier(alpha=RIDGE_ALPHA)
        ),
        nn1=KNeighborsClassifier(n_neighbors=1),
    )
    return {
        name: 100
        * float(
            classifier.fit(features_train, labels_train).score(
                features_val, labels_val
            )
        )
        for name, classifier in classifiers.items()
    }


def prepared_baselines(
    folder: Union[str, Path],
) -> Dict[str, Dict[str, float]]:
    """Trivial baselines of every split of a prepared folder.

    Args:
        folder (str | Path): Folder with ``keypoint.npy`` of shape
            (num, M, T, V, C) and ``annotations.json``.

    Returns:
        dict[str, dict[str, float]]: The result of :func:`trivial_baselines`
        for each split X of which there is ``X_train`` and ``X_val``, or
        ``X_test``, both with clips that have a label; by ``'train'`` for
        ``train`` and ``val``.

    Raises:
        FileNotFoundError: If the folder or a file of it is missing.
        ValueError: If it is no sound prepared folder, or has no such split.
    """
    folder = Path(folder)
    annotations = read_annotations(folder)
    keypoint = np.load(folder / 'keypoint.npy', mmap_mode='r')
    features = np.stack([baseline_features(clip) for clip in keypoint])
    clips = annotations['annotations']
    labels = np.array([clip['label'] for clip in clips])
    row = {clip['frame_dir']: i for i, clip in enumerate(clips)}
    splits = {
        part: [row[name] for name in names]
        for part, names in annotations['split'].items()
    }
    return split_baselines(features, labels, splits)


def split_baselines(
    features: np.ndarray, labels: np.ndarray, splits: Dict[str, List[int]]
) -> Dict[str, Dict[str, float]]:
    """Trivial baselines of splits.

    Args:
        features (np.ndarray): Of shape (num, D).
        labels (np.ndarray): Classes, -1 of clips without one, (num, ).
        splits (dict[str, list[int]]): Rows of each split.

    Returns:
        dict[str, dict[str, float]]: As :func:`prepared_baselines`.

    Raises:
        ValueError: If no split has a train and a val part.
    """
    pairs = {
        re.sub('_?train', '', part) or 'train': (part, other)
        for part in splits
        for held_out in ('test', 'val')  # which counts if there are both
        for other in [re.sub(r'(^|_)train', rf'\1{held_out}', part)]
        if other != part and other in splits
    }
    if not pairs:
        raise ValueError(
            f'no split with a train and a val part among {sorted(splits)}'
        )
    results = {}
    for name, pair in pairs.items():
        train, val = (
            [row for row in splits[part] if labels[row] != UNLABELLED]
            for part in pair
        )
        if train and val:  # few subjects are all of one part
            results[name] = trivial_baselines(
                features[train], labels[train], features[val], labels[val]
            )
    return results
