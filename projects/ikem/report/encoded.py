"""Sections for which clips pass through the encoders of a run."""

from typing import List, NamedTuple

import numpy as np
from mmengine.config import Config
from torch import nn
from torch.utils.data import DataLoader

from projects.ikem.engine.cli import describe
from projects.ikem.engine.loops.frozen_feature_loop import (
    FeatureDataset,
    extract_features,
)
from projects.ikem.models import SkeletonClassifier
from projects.ikem.visualization.clips import (
    class_names,
    frame_dirs,
    load_clips,
)
from projects.ikem.visualization.confusion import (
    confusion_figure,
    confusion_matrix,
    most_confused,
)
from projects.ikem.visualization.embedding import embedding_figure, to_plane
from projects.ikem.visualization.encoded import (
    clip_loader,
    default_stream,
    labels_of,
    load_model,
    names_of,
    stream_vectors,
)
from projects.ikem.visualization.retrieval import nearest, retrieval_figure
from projects.ikem.work_dir import WorkDir

from .blocks import (
    Missing,
    Note,
    Picture,
    Pictures,
    Section,
    Table,
    picture,
    section,
)

_NUM_QUERIES = 3
_NUM_NEIGHBOURS = 5


class _Encoded(NamedTuple):
    """Clips of the test and of the training split, and their features."""

    model: nn.Module
    classes: List[str]
    query_loader: DataLoader
    gallery_loader: DataLoader
    queries: FeatureDataset
    gallery: FeatureDataset
    stream: str


def encoded_sections(run: WorkDir, max_clips: int) -> List[Section]:
    """Confusions, embedding and nearest neighbours of test clips.

    Args:
        run (WorkDir): The run; its last checkpoint counts.
        max_clips (int): Clips of a split at most, 0 for none.
    """
    makers = {
        'Confusions': _confusions,
        'Embedding': _embedding,
        'Neighbours': _neighbours,
    }
    try:
        if max_clips < 1:
            raise ValueError('left out, as --max-clips 0 asked for')
        encoded = _encode(run, max_clips)
    except Exception as error:  # as in `section`
        reason = Missing(describe(error))
        return [Section(title, [reason]) for title in makers]
    return [section(title, make, encoded) for title, make in makers.items()]


def _encode(run: WorkDir, max_clips: int) -> _Encoded:
    checkpoint = run.last_checkpoint
    cfg = Config(run.config.to_dict())
    test, train = cfg.test_dataloader, cfg.train_dataloader
    # a pre-training with options for its data may have none for its test set
    test.dataset.data_root = train.dataset.data_root
    # few clips: workers would take longer to start
    test.update(num_workers=0, persistent_workers=False)
    query_loader = clip_loader(cfg, None, max_clips)
    gallery_loader = clip_loader(cfg, train.dataset.split, max_clips)
    dataset = query_loader.dataset
    model = load_model(cfg, str(checkpoint))
    queries, gallery = (
        extract_features(model, loader, progress=True)
        for loader in (query_loader, gallery_loader)
    )
    return _Encoded(
        model,
        class_names(dataset.metainfo, frame_dirs(dataset)),
        query_loader,
        gallery_loader,
        queries,
        gallery,
        default_stream(queries.features),
    )


def _confusions(e: _Encoded) -> List:
    if not isinstance(e.model, SkeletonClassifier):
        return [
            Missing(
                'A pre-training predicts no class: see the report of its '
                'evaluation, such as one of configs/linear.'
            )
        ]
    scores = e.model.classify(e.queries.features)[e.stream].detach().cpu()
    labels = labels_of(e.queries)
    matrix = confusion_matrix(labels, scores.numpy())
    right = 100 * (scores.argmax(1).numpy() == labels).mean()
    rows = [
        [e.classes[true], e.classes[predicted], str(num)]
        for true, predicted, num in most_confused(matrix)
    ]
    caption = f'{_about(e)}: {right:.1f} % right'
    figure = confusion_figure(matrix, e.classes)
    return [
        Pictures([picture(figure, caption)]),
        Table(['class', 'taken for', 'clips'], rows)
        if rows
        else Note('None was taken for another.'),
    ]


def _embedding(e: _Encoded) -> List:
    vectors = stream_vectors(e.queries.features, e.stream).cpu().numpy()
    points = to_plane(vectors)
    figure = embedding_figure(points, labels_of(e.queries), e.classes)
    caption = f'{_about(e)}, by class (t-SNE of cosine distances)'
    return [Pictures([picture(figure, caption)])]


def _neighbours(e: _Encoded) -> List:
    num = len(e.queries)
    chosen = np.linspace(0, num - 1, min(_NUM_QUERIES, num)).astype(int)
    dataset = e.gallery_loader.dataset
    return [
        Pictures([_neighbours_of(e, int(i)) for i in chosen]),
        Note(
            f'Test clips taken at equal distances, and the nearest of '
            f'{len(e.gallery)} clips of {dataset.split} by the cosine of '
            f'their features ({e.stream}).'
        ),
    ]


def _neighbours_of(e: _Encoded, index: int) -> Picture:
    name, names = names_of(e.queries)[index], names_of(e.gallery)
    query = {u: f[index : index + 1] for u, f in e.queries.features.items()}
    itself = names.index(name) if name in names else None
    k = min(_NUM_NEIGHBOURS, len(names) - (itself is not None))
    similarity, indices = nearest(
        query, e.gallery.features, e.stream, k, itself
    )
    indices = indices.tolist()
    label = labels_of(e.queries)[index]
    hits = labels_of(e.gallery)[indices] == label
    (clip,) = load_clips(e.query_loader.dataset, [index])
    neighbours = load_clips(e.gallery_loader.dataset, indices)
    figure = retrieval_figure(clip, neighbours, similarity.tolist(), hits)
    caption = f'{e.classes[label]}: {hits.sum()} of {k} of the same class'
    return picture(figure, caption, vector=False)


def _about(e: _Encoded) -> str:
    dataset = e.query_loader.dataset
    num, total = len(e.queries), len(frame_dirs(dataset))
    drawn = f' of {total}, drawn at random,' if num < total else ''
    return f'{num} clips{drawn} of {dataset.split}, {e.stream}'
