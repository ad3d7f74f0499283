"""Features in the plane."""

from itertools import product
from typing import Optional, Sequence

import numpy as np
from matplotlib.figure import Figure

METHODS = ('tsne', 'umap')
# Told apart by the colour-blind (Okabe and Ito, with grey for yellow), and
# two more; with the markers they make 160 pairs, more than NTU RGB+D 120 has
# classes.
_COLORS = (
    *('#0072B2', '#E69F00', '#009E73', '#CC79A7'),
    *('#56B4E9', '#D55E00', '#000000', '#999999'),
    *('#7A4A21', '#B8E04A'),
)
_MARKERS = (*'o^sDvPX*<>phdH8', '$o$')
_ROWS = 30  # of the legend


def to_plane(
    x: np.ndarray,
    method: str = 'tsne',
    seed: int = 0,
    metric: str = 'cosine',
) -> np.ndarray:
    """Embed vectors in the plane by their distances.

    Args:
        x (np.ndarray): Vectors of shape (N, D).
        method (str): ``'tsne'``, or ``'umap'``, which needs umap-learn.
            Defaults to ``'tsne'``.
        seed (int): Seed. Defaults to 0.
        metric (str): ``'cosine'`` or ``'euclidean'``. Defaults to
            ``'cosine'``.

    Returns:
        np.ndarray: Points of shape (N, 2).

    Raises:
        ImportError: If a package is missing.
        ValueError: If there are less than 4 vectors or no such method.
    """
    if method not in METHODS:
        raise ValueError(f'method is one of {METHODS}, got {method!r}')
    if len(x) < 4:
        raise ValueError(
            f'{len(x)} clips are too few to embed: take 4 or more'
        )
    embed = _tsne if method == 'tsne' else _umap
    return embed(x, seed, metric)


def _tsne(x: np.ndarray, seed: int, metric: str) -> np.ndarray:
    try:
        from sklearn.manifold import TSNE
    except ImportError as error:
        raise ImportError(
            't-SNE needs scikit-learn: pip install scikit-learn'
        ) from error
    perplexity = min(30, (len(x) - 1) / 3)
    return TSNE(
        metric=metric, perplexity=perplexity, random_state=seed
    ).fit_transform(x)


def _umap(x: np.ndarray, seed: int, metric: str) -> np.ndarray:
    try:
        from umap import UMAP
    except ImportError as error:
        raise ImportError(
            'UMAP needs umap-learn: pip install umap-learn'
        ) from error
    neighbours = min(15, len(x) - 1)
    # the spectral start needs more points than that
    init = 'spectral' if len(x) > 2 * neighbours else 'random'
    return UMAP(
        n_neighbors=neighbours,
        metric=metric,
        init=init,
        random_state=seed,
        n_jobs=1,  # as a seed asks for
    ).fit_transform(x)


def check_groups(groups: np.ndarray) -> None:
    """Each group can have a colour and marker of its own.

    Args:
        groups (np.ndarray): Group of each clip, of shape (N, ).

    Raises:
        ValueError: If there are too many.
    """
    num, most = len(np.unique(groups)), len(_MARKERS) * len(_COLORS)
    if num > most:
        raise ValueError(
            f'{num} values to colour by, at most {most} can be told apart'
        )


def embedding_figure(
    points: np.ndarray,
    groups: Sequence[int],
    names: Optional[Sequence[str]] = None,
    title: str = '',
) -> Figure:
    """Points in the colour and marker of their group.

    Args:
        points (np.ndarray): Points of shape (N, 2).
        groups (sequence[int]): Group of each, such as its class.
        names (sequence[str], optional): Names of the groups. Defaults to
            their numbers.
        title (str): Title.

    Raises:
        ValueError: If there is not one group for each point.
    """
    if len(groups) != len(points):
        raise ValueError(f'{len(groups)} groups for {len(points)} points')
    groups = np.asarray(groups)
    present = np.unique(groups)
    columns = -(-len(present) // _ROWS)
    figure = Figure(figsize=(6.5 + 1.6 * columns, 6), layout='constrained')
    ax = figure.subplots()
    styles = list(product(_MARKERS, _COLORS))
    area = float(np.clip(12000 / len(points), 8, 40))
    for i, group in enumerate(present):
        marker, color = styles[i % len(styles)]
        ax.scatter(
            *points[groups == group].T,
            s=area,
            color=color,
            marker=marker,
            label=names[group] if names else str(group),
            alpha=0.8,
            linewidths=0,
        )
    ax.set(xticks=[], yticks=[], title=title)  # the axes have no meaning
    figure.legend(
        loc='outside right upper', ncols=columns, fontsize=8, markerscale=1.2
    )
    return figure
