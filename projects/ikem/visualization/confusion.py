"""Which classes are taken for which, by the toolbox's confusion matrix."""

from typing import List, Sequence, Tuple

import numpy as np
import torch
from matplotlib import pyplot as plt
from matplotlib.figure import Figure
from mmaction.evaluation import ConfusionMatrix
from torch import Tensor

_MOST_WITH_NUMBERS = 20


def confusion_matrix(labels: np.ndarray, scores: np.ndarray) -> Tensor:
    """Count how often a class was predicted for clips of another.

    Args:
        labels (np.ndarray): Class of each clip, of shape (N, ).
        scores (np.ndarray): Score of each class, of shape (N, classes).

    Returns:
        Tensor: Counts of shape (classes, classes), by true and by predicted
        class.
    """
    return ConfusionMatrix.calculate(
        torch.as_tensor(scores), torch.as_tensor(labels)
    )


def most_confused(matrix: Tensor, num: int = 10) -> List[Tuple[int, int, int]]:
    """(true class, predicted class, clips) that were confused most.

    Args:
        matrix (Tensor): The counts of :func:`confusion_matrix`.
        num (int): How many at most. Defaults to 10.
    """
    wrong = matrix.clone().fill_diagonal_(0)
    order = wrong.flatten().argsort(descending=True, stable=True)[:num]
    pairs = [divmod(int(i), len(matrix)) for i in order]
    return [(i, j, int(wrong[i, j])) for i, j in pairs if wrong[i, j]]


def confusion_figure(
    matrix: Tensor, classes: Sequence[str], title: str = ''
) -> Figure:
    """The confusion matrix in percent of the clips of a true class.

    Args:
        matrix (Tensor): The counts of :func:`confusion_matrix`.
        classes (sequence[str]): Names of the classes that occur; those
            without a clip and without a prediction are left out.
        title (str): Title.

    Raises:
        ValueError: If there is no clip.
    """
    seen = (matrix.sum(0) + matrix.sum(1)).nonzero().flatten()
    if not len(seen):
        raise ValueError('no clips to count')
    matrix = matrix[seen][:, seen]
    num = len(matrix)
    clips = matrix.sum(1, keepdim=True)
    percent = 100 * matrix / clips.clamp(min=1)
    names = [classes[i] for i in seen]
    figure = ConfusionMatrix.plot(
        percent.round().int(),
        include_values=num <= _MOST_WITH_NUMBERS,
        classes=names,
        show=False,
    )
    plt.close(figure)  # pyplot would keep it
    side = float(np.clip(0.6 * num, 5, 13))
    figure.set_size_inches(side + 2, side + 1.5)
    figure.set_layout_engine('tight')
    ax, bar = figure.axes
    ax.images[0].set_clim(0, 100)
    size = 9 if num <= _MOST_WITH_NUMBERS else 5
    ax.tick_params(labelsize=size, bottom=False, labelbottom=False)
    ax.tick_params(axis='x', top=True, labeltop=True)
    ax.set_yticklabels(
        name if n else f'{name} (no clip)' for name, n in zip(names, clips)
    )
    for label in ax.get_xticklabels():
        label.set(rotation=90, ha='center')
    ax.xaxis.set_label_position('top')
    ax.set_title(title, fontsize=11)
    bar.set_ylabel('% of the clips of the true class')
    return figure
