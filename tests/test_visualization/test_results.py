"""Features in the plane, confusions, neighbours, curves, names."""

import numpy as np
import pytest
import torch

from projects.ikem.datasets.class_names import known_classes
from projects.ikem.evaluation.knn import stream_similarity
from projects.ikem.skeletons import LAYOUTS
from projects.ikem.visualization.clips import class_names, recorded
from projects.ikem.visualization.confusion import (
    confusion_figure,
    confusion_matrix,
    most_confused,
)
from projects.ikem.visualization.curves import curves_figure, overlay_figure
from projects.ikem.visualization.embedding import (
    check_groups,
    embedding_figure,
    to_plane,
)
from projects.ikem.visualization.encoded import (
    EncodedClips,
    field_of,
    stream_vectors,
)
from projects.ikem.visualization.retrieval import nearest, retrieval_figure
from projects.ikem.visualization.skeletons import Clip


def features(num, seed=0):
    g = torch.Generator().manual_seed(seed)
    return {
        u: torch.randn(num, d, generator=g) for u, d in (('a', 5), ('b', 3))
    }


@pytest.mark.parametrize('stream', ['a', 'b', 'fused'])
def test_vectors_have_the_similarity_of_the_stream(stream):
    query, gallery = features(4), features(9, seed=1)
    ours = stream_vectors(query, stream) @ stream_vectors(gallery, stream).T
    theirs = stream_similarity(query, gallery)[stream]
    assert torch.allclose(ours, theirs, atol=1e-6)


def test_an_unknown_stream():
    with pytest.raises(ValueError, match="'c'.*fused"):
        stream_vectors(features(2), 'c')


@pytest.mark.parametrize('num', [4, 30])
def test_the_embedding_has_a_point_for_each_clip(num):
    pytest.importorskip('sklearn')
    points = to_plane(features(num)['a'].numpy())
    assert points.shape == (num, 2)
    assert np.isfinite(points).all()
    groups = [i % 3 + 5 for i in range(num)]
    ax = embedding_figure(points, groups, title='t').axes[0]
    drawn = np.concatenate([c.get_offsets() for c in ax.collections])
    assert sorted(map(tuple, drawn)) == sorted(map(tuple, points))
    assert [c.get_label() for c in ax.collections] == ['5', '6', '7']


def test_classes_of_the_largest_set_can_be_told_apart():
    points = np.zeros((120, 2))
    ax = embedding_figure(points, range(120)).axes[0]
    styles = {
        (tuple(c.get_facecolor()[0]), c.get_paths()[0].vertices.tobytes())
        for c in ax.collections
    }
    assert len(styles) == 120


def test_too_many_values_to_colour_by():
    check_groups(np.arange(500) % 160)
    with pytest.raises(ValueError, match='161 values .* at most 160'):
        check_groups(np.arange(500) % 161)


def test_too_few_to_embed():
    with pytest.raises(ValueError, match='3 clips are too few'):
        to_plane(np.eye(3))


def test_the_confusion_matrix_counts():
    rng = np.random.default_rng(0)
    labels, scores = rng.integers(5, size=80), rng.random((80, 6))
    matrix = confusion_matrix(labels, scores)
    naive = np.zeros((6, 6), int)
    for label, score in zip(labels, scores):
        naive[label, score.argmax()] += 1
    assert np.array_equal(matrix, naive)
    np.fill_diagonal(naive, 0)
    pairs = most_confused(matrix, 4)
    assert [n for *_, n in pairs] == sorted(naive.flat)[::-1][:4]
    assert all(naive[i, j] == n for i, j, n in pairs)


def test_the_confusion_picture_is_in_percent_of_the_true_class():
    matrix = torch.tensor([[3, 1, 0, 0], [0, 2, 0, 2], [0, 0, 0, 0], [0] * 4])
    figure = confusion_figure(matrix, ['a', 'b', 'c', 'd'], 'title')
    ax = figure.axes[0]
    rows = [t.get_text() for t in ax.get_yticklabels()]
    assert rows == ['a', 'b', 'd (no clip)']
    assert ax.images[0].get_array().tolist() == [
        [75, 25, 0],
        [0, 50, 50],
        [0, 0, 0],
    ]
    assert most_confused(matrix) == [(1, 3, 2), (0, 1, 1)]


@pytest.mark.parametrize('itself', [None, 4])
def test_neighbours_are_those_of_a_naive_search(itself):
    gallery = features(9, seed=1)
    query = {u: f[4:5] for u, f in gallery.items()}
    similarity, indices = nearest(query, gallery, 'fused', 3, itself)
    naive = {}
    for i in range(9):
        cosines = [
            float(torch.cosine_similarity(query[u][0], f[i], dim=0))
            for u, f in gallery.items()
        ]
        naive[i] = sum(cosines) / 2
    naive.pop(itself, None)
    wanted = sorted(naive, key=naive.get)[::-1][:3]
    assert indices.tolist() == wanted
    assert np.allclose(similarity, [naive[i] for i in wanted], atol=1e-6)


def test_more_neighbours_than_clips():
    with pytest.raises(ValueError, match='2 clips'):
        nearest(features(1), features(3), 'a', 3, itself=0)


def test_right_and_wrong_neighbours_have_a_mark_and_a_colour():
    x = np.random.default_rng(0).normal(size=(1, 4, 25, 3))
    one = Clip('a clip', x, LAYOUTS['ntu-25'])
    figure = retrieval_figure(one, [one, one], [0.9, 0.5], [True, False])
    titles = [
        ax.title if ax.title.get_text() else ax._left_title
        for ax in figure.axes
    ]
    texts = [title.get_text() for title in titles]
    assert [text[0] for text in texts] == ['q', '✓', '✗']
    assert '0.900' in texts[1]
    assert len({title.get_color() for title in titles}) == 3


def test_curves():
    runs = {
        'one': {'loss': {1: 5.0, 2: 4.0}, 'lr': {1: 0.1, 2: 0.01}},
        'two': {'loss': {1: 6.0, 3: 3.0}},
    }
    loss, lr, *left = overlay_figure(list(runs.items())).axes
    lines = {
        line.get_label(): line.get_xydata().tolist() for line in loss.lines
    }
    assert lines == {'one': [[1, 5], [2, 4]], 'two': [[1, 6], [3, 3]]}
    assert len(lr.lines) == 1
    panels = [(name, [curves]) for name, curves in runs.items()]
    axes = curves_figure(panels).axes
    assert [len(ax.lines) for ax in axes] == [2, 1]
    assert [ax.get_title() for ax in axes] == ['one', 'two']
    empty = curves_figure([('one', [runs['one'], {}])], '', ['l.*', 'acc'])
    (text,) = empty.axes[1].texts
    assert text.get_text() == 'acc\nnot logged'


def test_names_of_classes():
    for dataset, num, names in (
        ('ntu60', 60, {0: 'drink water', 49: 'punch'}),
        ('synthetic', 17, {2: 'clap', 16: 'push'}),
        ('nwucla', 10, {4: 'sit down', 9: 'carry'}),
    ):
        known = known_classes(dataset, num)
        assert len(known) == len(set(known)) == num
        assert {i: known[i] for i in names} == names
    assert len(known_classes('ntu120', 120)) == 120
    assert known_classes('mine', 2) is None
    own = dict(dataset='mine', num_classes=2)
    assert class_names(own) == ['0', '1']
    assert class_names(dict(own, classes=['p', 'q'])) == ['p', 'q']


def test_what_names_say():
    assert recorded('S001C002P003R001A001', 'camera') == 2
    assert recorded('a12_s09_e03_v02', 'subject') == 9
    with pytest.raises(ValueError, match="'clip00'.*camera"):
        recorded('clip00', 'camera')


class Recorded:
    """A data set of two clips with fields."""

    def load_data_list(self):
        fields = dict(a=dict(session='x', age=3), b=dict(age=4))
        return [dict(frame_dir=k, fields=v) for k, v in fields.items()]


def test_fields_to_colour_by():
    clips = EncodedClips(Recorded(), ['b', 'a'], np.zeros(2), {})
    assert field_of(clips, 'age').tolist() == [4, 3]
    assert field_of(clips, 'session').tolist() == ['?', 'x']
    with pytest.raises(ValueError, match="'camera'.*class, age, session"):
        field_of(clips, 'camera')
