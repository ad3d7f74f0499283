"""Nearest neighbours by cosine similarity, to classify and to retrieve.

The similarities of a batch of queries to the whole gallery, N x G numbers a
stream, are the largest thing in memory: the batch size bounds them.
"""

from typing import Dict, Mapping

import torch
import torch.nn.functional as F
from torch import Tensor


def stream_similarity(
    query: Mapping[str, Tensor], gallery: Mapping[str, Tensor]
) -> Dict[str, Tensor]:
    """Cosine similarity of clips, by each modality and by all of them.

    Args:
        query (mapping[str, Tensor]): Features of shape (N, D) by modality.
        gallery (mapping[str, Tensor]): Features of shape (G, D) by modality.

    Returns:
        dict[str, Tensor]: Similarity of shape (N, G) by modality; with
        several, ``'fused'`` is their mean, that is, the similarity of the
        concatenated unit features.
    """
    similarity = {
        u: F.normalize(f, dim=1) @ F.normalize(gallery[u], dim=1).T
        for u, f in query.items()
    }
    if len(similarity) > 1:
        similarity['fused'] = torch.stack(list(similarity.values())).mean(0)
    return similarity


def knn_scores(
    similarity: Tensor,
    labels: Tensor,
    num_classes: int,
    k: int,
    temperature: float = 0.1,
) -> Tensor:
    """Weighted vote of the k nearest neighbours.

    A neighbour of similarity s votes for its class with ``exp(s / t)``.

    Args:
        similarity (Tensor): Similarity to the gallery, of shape (N, G).
        labels (Tensor): Classes of the gallery, of shape (G, ).
        num_classes (int): Number of classes C.
        k (int): Number of neighbours, at most G.
        temperature (float): t. Defaults to 0.1.

    Returns:
        Tensor: The classes' shares of the votes, of shape (N, C).
    """
    nearest = similarity.topk(k, dim=1)
    # softmax: the shares do not overflow, however small the temperature
    votes = (nearest.values / temperature).softmax(1)  # (N, k)
    scores = votes.new_zeros(len(votes), num_classes)
    return scores.scatter_add_(1, labels[nearest.indices], votes)


def average_precision(hits: Tensor) -> Tensor:
    """Precision at the ranks of the hits, averaged over the hits.

    Args:
        hits (Tensor): Whether the clip at each rank is of the query's class,
            bool of shape (N, G), the nearest first.

    Returns:
        Tensor: Average precision of shape (N, ); 0 without a hit.
    """
    rank = torch.arange(1, hits.size(1) + 1, device=hits.device)
    precision = hits.cumsum(1) / rank  # (N, G)
    return (precision * hits).sum(1) / hits.sum(1).clamp(min=1)


def first_hit(hits: Tensor) -> Tensor:
    """Rank of the nearest hit, from 1.

    Args:
        hits (Tensor): As in :func:`average_precision`.

    Returns:
        Tensor: Ranks of shape (N, ); G + 1 without a hit.
    """
    rank = hits.int().argmax(1) + 1  # of several maxima argmax is the first
    return rank.where(hits.any(1), torch.full_like(rank, hits.size(1) + 1))
