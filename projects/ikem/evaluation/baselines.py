"""Trivial baselines: what a data set gives away without a learned feature."""

import hashlib
import json
import re
from pathlib import Path
from typing import (
    Dict,
    Iterable,
    Mapping,
    Optional,
    Sequence,
    Tuple,
    Union,
)

import numpy as np

from projects.ikem.datasets.prepared import read_annotations
from projects.ikem.datasets.prepared_checks import (
    ANNOTATION_FILE,
    KEYPOINT_FILE,
    UNLABELLED,
)
from projects.ikem.datasets.transforms import ResampleFrames
from projects.ikem.files import read_json_dict, written_aside

# Regularisation of the ridge classifier. There are several thousand
# standardised features, far more than clips, so the penalty is strong.
RIDGE_ALPHA = 1000.0
# Names of the baselines in sentences.
TITLES = dict(
    ridge='ridge on raw joints', nn1='the nearest neighbour on raw joints'
)


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


def ridge_accuracy(x: np.ndarray, y: np.ndarray, x_val, y_val) -> float:
    """Top-1 accuracy of a linear classifier.

    One weight a class, ``W = argmin |X W - Y|^2 + alpha |W|^2`` with X
    standardised, Y 1 for the class of a clip and -1 for the others, centred,
    and alpha :data:`RIDGE_ALPHA`. Solved with one unknown a clip where clips
    are fewer than features: ``W = X^T (X X^T + alpha)^-1 Y``.

    Args:
        x (np.ndarray): Features to fit, of shape (N, D).
        y (np.ndarray): Their labels, of shape (N, ).
        x_val (np.ndarray): Features to classify, of shape (N', D).
        y_val (np.ndarray): Their labels, of shape (N', ).

    Returns:
        float: A share of the clips.
    """
    mean, std = x.mean(0, dtype=np.float64), x.std(0, dtype=np.float64)
    std[std < 1e-7 * (1 + np.abs(mean))] = 1  # constant but for rounding
    mean, std = mean.astype(x.dtype), std.astype(x.dtype)
    x, x_val = (x - mean) / std, (x_val - mean) / std
    classes, row = np.unique(y, return_inverse=True)
    targets = 2.0 * np.eye(len(classes))[row] - 1
    offset = targets.mean(0)
    dual = len(x) < x.shape[1]
    gram = (x @ x.T if dual else x.T @ x).astype(np.float64)
    gram[np.diag_indices_from(gram)] += RIDGE_ALPHA
    right = targets - offset
    solved = np.linalg.solve(gram, right if dual else x.T @ right)
    weight = x.T @ solved if dual else solved
    predicted = classes[(x_val @ weight + offset).argmax(1)]
    return float((predicted == y_val).mean())


def neighbour_accuracy(
    x: np.ndarray, y: np.ndarray, x_val: np.ndarray, y_val: np.ndarray
) -> float:
    """Top-1 accuracy of the nearest neighbour by the Euclidean distance of
    features as they are, all in metres; arguments of
    :func:`ridge_accuracy`."""
    center = x.mean(0)  # fewer digits are lost
    x, x_val = x - center, x_val - center
    norm = np.square(x).sum(1, dtype=np.float64)
    nearest = [
        (norm - 2 * (part @ x.T)).argmin(1)
        for part in np.array_split(x_val, -(-len(x_val) // 1000))
    ]
    return float((y[np.concatenate(nearest)] == y_val).mean())


def trivial_baselines(
    features_train: np.ndarray,
    labels_train: np.ndarray,
    features_val: np.ndarray,
    labels_val: np.ndarray,
) -> Dict[str, float]:
    """Top-1 accuracy of a linear model and of the nearest neighbour.

    Args:
        features_train (np.ndarray): Features to fit of shape (N, D).
        labels_train (np.ndarray): Their labels of shape (N, ).
        features_val (np.ndarray): Features to classify of shape (N', D).
        labels_val (np.ndarray): Their labels of shape (N', ).

    Returns:
        dict[str, float]: Accuracy of ``ridge`` and ``nn1`` in percent, see
        :func:`ridge_accuracy` and :func:`neighbour_accuracy`.
    """
    data = features_train, labels_train, features_val, labels_val
    return dict(
        ridge=100 * ridge_accuracy(*data), nn1=100 * neighbour_accuracy(*data)
    )


def doubt(
    learnt: Mapping[str, float],
    baselines: Mapping[str, float],
    titles: Mapping[str, str] = TITLES,
) -> Optional[str]:
    """A sentence on the learnt numbers that the better baseline exceeds.

    Args:
        learnt (mapping[str, float]): Accuracies in percent by name.
        baselines (mapping[str, float]): Those of :func:`trivial_baselines`.
        titles (mapping[str, str]): What the sentence calls them. Defaults to
            :data:`TITLES`.

    Returns:
        str | None: The sentence, None where there is no such number.
    """
    best = max(titles, key=lambda name: baselines[name])
    below = [
        f'{name} {value:.1f}'
        for name, value in learnt.items()
        if value < baselines[best] - 1e-4  # of equal ones the last digits
    ]
    if not below:
        return None
    return (
        f'{", ".join(below)} {"is" if len(below) == 1 else "are"} below '
        f'{titles[best]}, {baselines[best]:.1f}'
    )


def top1(metrics: Mapping[str, float]) -> Dict[str, float]:
    """Top-1 accuracies of an evaluation in percent, by stream.

    Args:
        metrics (mapping[str, float]): Shares by the names that are logged,
            such as ``'acc/fused_top1'``.
    """
    end = 'top1'
    return {
        name[len('acc/') : -len(end)].strip('_') or 'top-1': 100 * value
        for name, value in metrics.items()
        if name.startswith('acc/') and name.endswith(end)
    }


def prepared_baselines(
    folder: Union[str, Path],
    pairs: Optional[Sequence[Tuple[str, str]]] = None,
    keep: bool = False,
) -> Dict[str, Dict[str, float]]:
    """Trivial baselines of splits of a prepared folder.

    Args:
        folder (str | Path): Folder with ``keypoint.npy`` of shape
            (num, M, T, V, C) and ``annotations.json``.
        pairs (sequence[tuple[str, str]], optional): Names of a split to fit
            and one to classify. Defaults to those of :func:`split_pairs`.
        keep (bool): Whether they are kept in the folder, where evaluations
            find them, see :class:`KeptBaselines`. Defaults to False.

    Returns:
        dict[str, dict[str, float]]: The result of :func:`trivial_baselines`
        by the name of the pair, such as ``'xsub'``; of given pairs
        ``'xsub_train xsub_val'``. Of the default ones those are left out
        that have a part without labels.

    Raises:
        FileNotFoundError: If the folder or a file of it is missing.
        ValueError: If it is no sound prepared folder, or has no such split,
            or a given one has no labels.
    """
    folder = Path(folder)
    annotations = read_annotations(folder)
    keypoint = np.load(folder / 'keypoint.npy', mmap_mode='r')
    clips = annotations['annotations']
    labels = np.array([clip['label'] for clip in clips])
    row = {clip['frame_dir']: i for i, clip in enumerate(clips)}
    splits = {
        part: [row[name] for name in names]
        for part, names in annotations['split'].items()
    }
    if pairs is None:
        named = split_pairs(splits)
    else:
        named = {' '.join(pair): pair for pair in pairs}
    results = {}
    for name, pair in named.items():
        for part in pair:
            if part not in splits:
                raise ValueError(
                    f'{folder} has no split {part!r}: choose one of '
                    f'{sorted(splits)}'
                )
        rows = [
            [i for i in splits[part] if labels[i] != UNLABELLED]
            for part in pair
        ]
        if all(rows):  # few subjects are all of one part
            train, val = rows
            results[name] = fit_and_classify(
                *([keypoint[i] for i in train], labels[train]),
                *([keypoint[i] for i in val], labels[val]),
            )
            if keep:
                entry = dict(train=pair[0], val=pair[1], **results[name])
                KeptBaselines(folder).add(pair_key(folder, *rows), entry)
        elif pairs is not None:
            raise ValueError(
                f'no clip of split {pair[not rows[1]]!r} of {folder} has a '
                'label'
            )
    return results


def fit_and_classify(
    train: Sequence[np.ndarray],
    labels_train: np.ndarray,
    val: Sequence[np.ndarray],
    labels_val: np.ndarray,
) -> Dict[str, float]:
    """:func:`trivial_baselines` of clips (M, T, V, C), prepared joints."""
    x, x_val = (
        np.stack([baseline_features(clip) for clip in clips])
        for clips in (train, val)
    )
    return trivial_baselines(x, labels_train, x_val, labels_val)


class KeptBaselines:
    """Baselines that were computed before, in a file ``baselines.json``.

    Args:
        folder (str | PathLike): Where it is: a work dir, or a prepared
            folder.
    """

    def __init__(self, folder: Union[str, Path]) -> None:
        self.path = Path(folder, 'baselines.json')

    def read(self) -> Dict[str, Dict]:
        """dict[str, dict]: Entries by :func:`pair_key`: ``train`` and
        ``val``, names of splits, and their ``ridge`` and ``nn1``."""
        return read_json_dict(self.path) if self.path.is_file() else {}

    def add(self, key: str, entry: Dict) -> None:
        """Keep an entry.

        Raises:
            OSError: If the file cannot be written.
        """
        with written_aside(self.path) as file:
            text = json.dumps({**self.read(), key: entry}, indent=2)
            file.write_text(text + '\n')


def pair_key(
    folder: Union[str, Path], train: Iterable[int], val: Iterable[int]
) -> str:
    """Tells clips of a prepared folder from others, and from those that are
    there after it was prepared anew.

    Args:
        folder (str | PathLike): The folder.
        train (iterable[int]): Rows to fit.
        val (iterable[int]): Rows to classify.
    """
    files = [Path(folder, name) for name in (KEYPOINT_FILE, ANNOTATION_FILE)]
    stats = [(f.stat().st_size, f.stat().st_mtime_ns) for f in files]
    rows = [sorted(map(int, part)) for part in (train, val)]
    text = json.dumps([stats, rows])
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def split_pairs(names: Iterable[str]) -> Dict[str, Tuple[str, str]]:
    """The splits to fit and to classify.

    Args:
        names (iterable[str]): Names of splits.

    Returns:
        dict[str, tuple[str, str]]: ``X_train`` and ``X_val``, or ``X_test``
        where there is that, by X; by ``'train'`` of ``train`` and ``val``.

    Raises:
        ValueError: If there is no such pair.
    """
    names = list(names)
    pairs = {
        re.sub('_?train', '', part) or 'train': (part, other)
        for part in names
        for held_out in ('test', 'val')  # which counts if there are both
        for other in [re.sub(r'(^|_)train', rf'\1{held_out}', part)]
        if other != part and other in names
    }
    if not pairs:
        raise ValueError(
            f'no split with a train and a val part among {sorted(names)}'
        )
    return pairs


def few_label_pairs(
    names: Iterable[str], of: Iterable[str]
) -> Dict[str, Tuple[str, str]]:
    """The splits with few labels to fit, and those to classify.

    Args:
        names (iterable[str]): Names of splits.
        of (iterable[str]): Which pairs of :func:`split_pairs`, by X.

    Returns:
        dict[str, tuple[str, str]]: ``X_train_10pct`` and ``X_val``, by
        ``'X_10pct'``, and so on.
    """
    names = list(names)
    pairs = split_pairs(names)
    return {
        f'{name}{part[len(pairs[name][0]) :]}': (part, pairs[name][1])
        for name in of
        for part in names
        if part.startswith(f'{pairs[name][0]}_')
    }
