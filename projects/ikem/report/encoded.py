"""Sections for which clips pass through the encoders of a run."""

from typing import List, NamedTuple

import numpy as np
from mmengine.config import Config
from mmengine.device import get_device
from torch import nn

from ikem_cli.errors import describe
from projects.ikem.loading import load_model
from projects.ikem.models import SkeletonClassifier
from projects.ikem.visualization.clips import class_names, frame_dirs
from projects.ikem.visualization.confusion import (
    confusion_figure,
    confusion_matrix,
    most_confused,
)
from projects.ikem.visualization.embedding import embedding_figure, to_plane
from projects.ikem.visualization.encoded import (
    EncodedClips,
    classify,
    clip_loader,
    encode,
    stream_vectors,
)
from projects.ikem.visualization.retrieval import neighbours_of
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
    queries: EncodedClips
    gallery: EncodedClips


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
    loaders = [
        clip_loader(cfg, split, max_clips)
        for split in (None, train.dataset.split)
    ]
    model = load_model(cfg, checkpoint, get_device())
    queries, gallery = (encode(model, loader) for loader in loaders)
    dataset = queries.dataset
    classes = class_names(dataset.metainfo)
    return _Encoded(model, classes, queries, gallery)


def _confusions(e: _Encoded) -> List:
    if not isinstance(e.model, SkeletonClassifier):
        return [
            Missing(
                'A pre-training predicts no class: see the report of its '
                'evaluation, such as one of configs/linear.'
            )
        ]
    predictions = classify(e.model, e.queries)
    matrix = confusion_matrix(predictions.labels, predictions.scores)
    rows = [
        [e.classes[true], e.classes[predicted], str(num)]
        for true, predicted, num in most_confused(matrix)
    ]
    top1 = predictions.accuracy()['top1']
    caption = f'{_about(e.queries)}: {top1:.1f} % right'
    figure = confusion_figure(matrix, e.classes)
    return [
        Pictures([picture(figure, caption)]),
        Table(['class', 'taken for', 'clips'], rows)
        if rows
        else Note('None was taken for another.'),
    ]


def _embedding(e: _Encoded) -> List:
    clips = e.queries
    points = to_plane(
        stream_vectors(clips.features, clips.stream).cpu().numpy()
    )
    figure = embedding_figure(points, clips.labels, e.classes)
    caption = f'{_about(clips)}, by class (t-SNE of cosine distances)'
    return [Pictures([picture(figure, caption)])]


def _neighbours(e: _Encoded) -> List:
    num = len(e.queries.names)
    chosen = np.linspace(0, num - 1, min(_NUM_QUERIES, num)).astype(int)
    return [
        Pictures([_neighbours_of(e, int(i)) for i in chosen]),
        Note(
            f'Test clips taken at equal distances, and the nearest of '
            f'{len(e.gallery.names)} clips of {e.gallery.dataset.split} by '
            f'the cosine of their features ({e.queries.stream}).'
        ),
    ]


def _neighbours_of(e: _Encoded, index: int) -> Picture:
    queries, names = e.queries, e.gallery.names
    others = len(names) - (queries.names[index] in names)
    k = min(_NUM_NEIGHBOURS, others)
    found = neighbours_of(queries, index, e.gallery, queries.stream, k)
    label = e.classes[queries.labels[index]]
    caption = f'{label}: {found.right.sum()} of {k} of the same class'
    return picture(found.figure, caption, vector=False)


def _about(clips: EncodedClips) -> str:
    num, total = len(clips.names), len(frame_dirs(clips.dataset))
    drawn = f' of {total}, drawn at random,' if num < total else ''
    return f'{num} clips{drawn} of {clips.dataset.split}, {clips.stream}'
