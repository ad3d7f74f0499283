"""Fusing saved predictions."""

import io
import os
import zipfile

import mmengine
import numpy as np
import pytest
import torch
from fuzz import Call, damaged, fuzz
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from mmaction.registry import METRICS

from projects.ikem.datasets.formats import FormatError
from projects.ikem.evaluation.fusion import Predictions, fuse, load_predictions

NAMES = [f'clip{i}' for i in range(40)]
LABELS = np.arange(40) % 7


def scores(seed, classes=7):
    return torch.randn(
        40, classes, generator=torch.Generator().manual_seed(seed)
    ).softmax(1)


def columns(seed=0, **changes):
    """What a file of one stream holds."""
    content = dict(names=NAMES, labels=LABELS, scores=scores(seed).numpy())
    return {k: v for k, v in {**content, **changes}.items() if v is not None}


def dump(tmp_path, content, name='a.npz'):
    np.savez(tmp_path / name, **content)
    return str(tmp_path / name)


def predictions(seed, order=None, **changes):
    order = np.arange(40) if order is None else order
    fields = dict(
        title=f'stream{seed}',
        names=[NAMES[i] for i in order],
        labels=LABELS[order],
        scores=scores(seed).numpy()[order],
    )
    return Predictions(**{**fields, **changes})


def test_reads_what_is_dumped_while_testing(tmp_path):
    """Batches of clips, here in half precision."""
    metric = METRICS.build(
        dict(type='DumpPredictions', out_file_path=f'{tmp_path}/a.npz')
    )
    clips = [
        dict(
            frame_dir=name,
            pred_score=score.half(),
            gt_label=torch.tensor([label]),
        )
        for name, score, label in zip(NAMES, scores(0), LABELS)
    ]
    metric.process({}, clips[:30])
    metric.process({}, clips[30:])
    assert metric.evaluate(40) == {}
    read = load_predictions(f'{tmp_path}/a.npz')
    assert read.names == NAMES
    np.testing.assert_array_equal(read.labels, LABELS)
    np.testing.assert_allclose(read.scores, scores(0), atol=1e-3)


def test_predictions_are_dumped_as_npz():
    with pytest.raises(ValueError, match='npz.* a.pkl'):
        METRICS.build(dict(type='DumpPredictions', out_file_path='a.pkl'))


def test_reads_one_of_several_streams(tmp_path):
    several = dict(scores_joint=scores(0), scores_fused=scores(1), scores=None)
    path = dump(tmp_path, columns(**several))
    for stream, seed in (('joint', 0), ('fused', 1)):
        read = load_predictions(path, stream)
        np.testing.assert_allclose(read.scores, scores(seed))
        assert read.title == f'{path}:{stream}'
    for stream in (None, 'bone'):
        with pytest.raises(FormatError, match='joint, fused.*--stream'):
            load_predictions(path, stream)
    with pytest.raises(FormatError, match="leave out 'joint'"):
        load_predictions(dump(tmp_path, columns()), 'joint')


def test_accuracy_by_loops():
    result = predictions(3)
    top1, top5, of_class = [], [], {}
    for score, label in zip(result.scores, result.labels):
        ranking = sorted(range(7), key=lambda c, s=score: -s[c])
        top1.append(ranking[0] == label)
        top5.append(label in ranking[:5])
        of_class.setdefault(label, []).append(ranking[0] == label)
    accuracy = result.accuracy()
    assert accuracy['top1'] == pytest.approx(100 * np.mean(top1))
    assert accuracy['top5'] == pytest.approx(100 * np.mean(top5))
    assert accuracy['mean_class'] == pytest.approx(
        100 * np.mean([np.mean(hits) for hits in of_class.values()])
    )


def test_samples_are_matched_by_name():
    order = np.random.default_rng(0).permutation(40)
    fused = fuse(
        [predictions(0), predictions(1, order), predictions(2)], [1, 2, 0]
    )
    assert fused.names == NAMES
    for i in range(40):
        np.testing.assert_allclose(
            fused.scores[i], (scores(0)[i] + 2 * scores(1)[i]) / 3, rtol=1e-6
        )


def test_fused_predictions_are_read_again(tmp_path):
    fused = fuse([predictions(0), predictions(1)], [1, 1])
    path = str(tmp_path / 'fused.npz')
    fused.save(path)
    read = load_predictions(path)
    assert read.names == fused.names
    np.testing.assert_array_equal(read.labels, fused.labels)
    np.testing.assert_array_equal(read.scores, fused.scores)


@pytest.mark.parametrize(
    'streams, reason',
    [
        (
            [predictions(0), predictions(1, np.arange(38))],
            'stream1 lacks 2 samples of stream0, such as clip38, clip39',
        ),
        (
            [predictions(0, np.arange(38)), predictions(1)],
            'stream0 lacks 2 .*clip38',
        ),
        (
            [predictions(0), predictions(1, names=[*NAMES[:-1], 'new'])],
            'stream1 lacks 1 samples of stream0, such as clip39',
        ),
        (
            [predictions(0), predictions(1, labels=LABELS[[*range(39), 0]])],
            'different labels for 1 samples, such as clip39',
        ),
        (
            [predictions(0), predictions(1, scores=scores(1, 9).numpy())],
            'stream1 has 9 classes, stream0 7',
        ),
    ],
)
def test_streams_that_do_not_fit(streams, reason):
    with pytest.raises(ValueError, match=reason):
        fuse(streams, [1, 1])


@pytest.mark.parametrize(
    'weights, reason',
    [
        ([1], '1 weights for 2 predictions'),
        ([1, -1], 'must not be negative'),
        ([1, np.nan], 'must not be negative'),
        ([0, 0], 'all weights are zero'),
    ],
)
def test_weights_that_do_not_fit(weights, reason):
    with pytest.raises(ValueError, match=reason):
        fuse([predictions(0), predictions(1)], weights)


@pytest.mark.parametrize(
    'changes, reason',
    [
        (dict(names=[], labels=LABELS[:0], scores=np.ones((0, 7))), 'name'),
        (dict(names=['a'] * 40), '1 names occur more than once, such as a'),
        (dict(names=np.arange(40)), 'one name'),
        (dict(names=None), 'names.*meta_keys'),
        (dict(names=NAMES[1:]), 'a name, a label and scores of each'),
        (dict(labels=np.stack([LABELS, LABELS], 1)), 'one label'),
        (dict(labels=LABELS + 1), 'label is not in 0 to 6'),
        (dict(labels=None), 'labels'),
        (dict(scores=np.full((40, 7), np.nan)), 'not finite'),
        (dict(scores=np.ones((40, 2, 3))), r'shape \(40, 2, 3\)'),
        (dict(scores=np.full((40, 7), 'high')), 'floats'),
        (dict(scores=None), 'no scores'),
    ],
)
def test_files_of_something_else(tmp_path, changes, reason):
    path = dump(tmp_path, columns(**changes))
    with pytest.raises(FormatError, match=reason) as caught:
        load_predictions(path)
    assert str(caught.value).startswith(path)


def test_nothing_is_executed(tmp_path):
    pwned = tmp_path / 'pwned'
    names = np.array([Call(os.mkdir, str(pwned))], dtype=object)
    path = dump(tmp_path, columns(names=names))
    with pytest.raises(FormatError, match='a.npz'):
        load_predictions(path)
    pickled = str(tmp_path / 'a.pkl')  # as DumpResults writes it
    mmengine.dump([dict(frame_dir=Call(os.mkdir, str(pwned)))], pickled)
    with pytest.raises(FormatError, match='a.pkl.* --dump FILE.npz'):
        load_predictions(pickled)
    assert not pwned.exists()
    np.load(path, allow_pickle=True)['names']  # shows that it could be
    assert pwned.exists()


def _one_sample():
    file = io.BytesIO()
    np.savez(file, **{k: v[:1] for k, v in columns().items()})
    return file.getvalue()


def test_arrays_are_not_larger_than_the_file(tmp_path):
    path = dump(tmp_path, columns(scores=None))
    claim = dict(descr='<f8', fortran_order=False, shape=(10**12, 7))
    with zipfile.ZipFile(path, 'a') as archive:
        with archive.open('scores.npy', 'w') as file:
            np.lib.format.write_array_header_1_0(file, claim)
    with pytest.raises(FormatError, match='a.npz'):
        load_predictions(path)


@fuzz(max_examples=150)
@given(damaged(_one_sample()))
def test_any_damage(tmp_path, data):
    path = tmp_path / 'a.npz'
    path.write_bytes(data)
    try:
        read = load_predictions(str(path))
    except FormatError as error:
        assert error.path == str(path)
    else:  # the damage is in what is not read
        assert read.names == NAMES[:1]
        assert np.isfinite(read.scores).all()


@fuzz(max_examples=30)
@given(
    scores=st.tuples(st.integers(1, 6), st.integers(1, 9)).flatmap(
        lambda shape: arrays(
            np.float64, (2, *shape), elements=st.floats(0, 1, width=32)
        )
    ),
    data=st.data(),
)
def test_what_was_saved_is_fused(tmp_path, scores, data):
    """Scores of two streams, (2, N, classes), in any order of samples."""
    _, num, classes = scores.shape
    names = data.draw(
        st.lists(
            st.text(st.characters(min_codepoint=1), max_size=5),
            min_size=num,
            max_size=num,
            unique=True,
        )
    )
    labels = np.arange(num) % classes
    streams = []
    for i, order in enumerate(
        [range(num), data.draw(st.permutations(range(num)))]
    ):
        path = str(tmp_path / f'{i}.npz')
        order = list(order)
        Predictions(
            path, [names[n] for n in order], labels[order], scores[i, order]
        ).save(path)
        streams.append(load_predictions(path))
    fused = fuse(streams, [1, 3])
    assert fused.names == names
    np.testing.assert_array_equal(fused.labels, labels)
    np.testing.assert_allclose(
        fused.scores, (scores[0] + 3 * scores[1]) / 4, atol=1e-12
    )
