"""The nearest neighbours of a clip."""

from typing import List, Mapping, NamedTuple, Optional, Sequence, Tuple

import numpy as np
import torch
from matplotlib.figure import Figure
from torch import Tensor

from .clips import load_clips
from .encoded import EncodedClips, stream_vectors
from .skeletons import GREEN, ORANGE, Clip, strips


class Neighbours(NamedTuple):
    """The nearest clips of a clip, the nearest first."""

    clips: List[Clip]
    similarity: List[float]
    right: np.ndarray  # whether each is of its class, (k, )
    figure: Figure  # the clip and below it its neighbours


def neighbours_of(
    queries: EncodedClips,
    index: int,
    gallery: EncodedClips,
    stream: str,
    k: int,
) -> Neighbours:
    """Find and draw the neighbours of a clip, but the clip itself.

    Args:
        queries (EncodedClips): Clips.
        index (int): Which of them.
        gallery (EncodedClips): The clips to look among.
        stream (str): A modality, or ``'fused'``.
        k (int): How many.

    Raises:
        ValueError: As for :func:`nearest`.
    """
    name, names = queries.names[index], gallery.names
    similarity, indices = nearest(
        {u: f[index : index + 1] for u, f in queries.features.items()},
        gallery.features,
        stream,
        k,
        names.index(name) if name in names else None,
    )
    rows = indices.tolist()
    right = gallery.labels[rows] == queries.labels[index]
    (clip,) = load_clips(queries.dataset, [index])
    clips = load_clips(gallery.dataset, rows)
    figure = retrieval_figure(clip, clips, similarity.tolist(), right)
    return Neighbours(clips, similarity.tolist(), right, figure)


def nearest(
    query: Mapping[str, Tensor],
    gallery: Mapping[str, Tensor],
    stream: str,
    k: int,
    itself: Optional[int] = None,
) -> Tuple[Tensor, Tensor]:
    """Nearest clips by cosine similarity.

    Args:
        query (mapping[str, Tensor]): Features of shape (1, D) by modality.
        gallery (mapping[str, Tensor]): Features of shape (G, D) by modality.
        stream (str): A modality, or ``'fused'``.
        k (int): How many.
        itself (int, optional): Index of the query in the gallery, which is
            left out.

    Returns:
        tuple[Tensor, Tensor]: Similarity and index of each, of shape (k, ),
        the nearest first.

    Raises:
        ValueError: If the gallery has less than k clips, or there is no such
            stream.
    """
    vectors = stream_vectors(gallery, stream)
    similarity = vectors @ stream_vectors(query, stream)[0]  # (G, )
    if itself is not None:
        similarity[itself] = -torch.inf
    num = len(similarity) - (itself is not None)
    if k > num:
        raise ValueError(f'{k} neighbours are asked for among {num} clips')
    return similarity.topk(k)


def retrieval_figure(
    query: Clip,
    neighbours: Sequence[Clip],
    similarity: Sequence[float],
    right: Sequence[bool],
) -> Figure:
    """A clip and below it its neighbours, as strips.

    Args:
        query (Clip): The clip.
        neighbours (sequence[Clip]): Its neighbours, the nearest first.
        similarity (sequence[float]): Similarity of each.
        right (sequence[bool]): Whether each is of the query's class, which
            its mark and its colour say.
    """
    clips = [query._replace(title=f'query  {query.title}')]
    for rank, (clip, s, hit) in enumerate(
        zip(neighbours, similarity, right), 1
    ):
        mark = '✓' if hit else '✗'
        title = f'{mark} {rank}  {clip.title}  (similarity {s:.3f})'
        clips.append(clip._replace(title=title))
    colors = ['black', *(GREEN if hit else ORANGE for hit in right)]
    return strips(clips, colors=colors)
