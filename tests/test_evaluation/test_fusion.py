"""Fusing saved predictions."""

import os
import pickle

import mmengine
import numpy as np
import pytest
import torch
from fuzz import damaged, fuzz
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from projects.ikem.datasets.formats import FormatError
from projects.ikem.evaluation.fusion import (
    Predictions,
    fuse,
    load_predictions,
)

NAMES = [f'clip{i}' for i in range(40)]
LABELS = np.arange(40) % 7


def scores(seed, classes=7):
    return torch.randn(
        40, classes, generator=torch.Generator().manual_seed(seed)
    ).softmax(1)


def samples(seed=0, **changes):
    """As ``DumpResults`` writes them."""
    return [
        dict(
            dict(
                frame_dir=name,
                time_scale=1.5,
                pred_label=torch.tensor([0]),
                pred_score=score,
                gt_label=torch.tensor([label]),
            ),
            **changes,
        )
        for name, score, label in zip(NAMES, scores(seed), LABELS)
    ]


def dump(tmp_path, content, name='a.pkl'):
    path = str(tmp_path / name)
    mmengine.dump(content, path)
    return path


def predictions(seed, order=None, **changes):
    order = np.arange(40) if order is None else order
    fields = dict(
        title=f'stream{seed}',
        names=[NAMES[i] for i in order],
        labels=LABELS[order],
        scores=scores(seed).numpy()[order],
    )
    return Predictions(**{**fields, **changes})


def test_reads_what_test_dumps(tmp_path):
    read = load_predictions(dump(tmp_path, samples()))
    assert read.names == NAMES
    np.testing.assert_array_equal(read.labels, LABELS)
    np.testing.assert_allclose(read.scores, scores(0))


def test_reads_one_of_several_streams(tmp_path):
    content = [
        dict(a, pred_score=dict(joint=a['pred_score'], fused=b['pred_score']))
        for a, b in zip(samples(0), samples(1))
    ]
    path = dump(tmp_path, content)
    for stream, seed in (('joint', 0), ('fused', 1)):
        read = load_predictions(path, stream)
        np.testing.assert_allclose(read.scores, scores(seed))
        assert read.title == f'{path}:{stream}'
    with pytest.raises(ValueError, match='choose one of joint, fused with'):
        load_predictions(path)
    with pytest.raises(ValueError, match="--stream, not 'bone'"):
        load_predictions(path, 'bone')
    single = dump(tmp_path, samples(), 'b.pkl')
    with pytest.raises(ValueError, match="one stream, leave out 'joint'"):
        load_predictions(single, 'joint')


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
    path = str(tmp_path / 'fused.pkl')
    fused.save(path)
    read = load_predictions(path)
    assert read.names == fused.names
    np.testing.assert_array_equal(read.labels, fused.labels)
    np.testing.assert_array_equal(read.scores, fused.scores)
    assert isinstance(mmengine.load(path)[0]['pred_score'], torch.Tensor)


@pytest.mark.parametrize(
    'other, weights, reason',
    [
        (
            predictions(1, np.arange(38)),
            [1, 1],
            'stream1 lacks 2 samples of stream0, such as clip38, clip39',
        ),
        (
            predictions(1, names=[*NAMES[:-1], 'new']),
            [1, 1],
            'stream1 lacks 1 samples of stream0, such as clip39',
        ),
        (
            predictions(1, labels=(LABELS + (np.arange(40) == 3)) % 7),
            [1, 1],
            'different labels for 1 samples, such as clip3',
        ),
        (
            predictions(1, scores=scores(1, 9).numpy()),
            [1, 1],
            'stream1 has 9 classes, stream0 7',
        ),
        (predictions(1), [1], '1 weights for 2 predictions'),
        (predictions(1), [1, -1], 'must not be negative'),
        (predictions(1), [1, np.nan], 'must not be negative'),
        (predictions(1), [0, 0], 'all weights are zero'),
    ],
)
def test_what_cannot_be_fused(other, weights, reason):
    with pytest.raises(ValueError, match=reason):
        fuse([predictions(0), other], weights)


def test_more_samples_than_the_first():
    few = predictions(0, np.arange(38))
    with pytest.raises(ValueError, match='stream0 lacks 2 .*clip38'):
        fuse([few, predictions(1)], [1, 1])


@pytest.mark.parametrize(
    'content, reason',
    [
        ([], 'no samples'),
        (dict(a=1), 'no list of samples'),
        (samples(frame_dir='a'), '1 names occur more than once, such as a'),
        (samples(frame_dir=3), 'without a name'),
        (samples(gt_label=torch.tensor([0, 1])), 'one gt_label'),
        (samples(gt_label=torch.tensor([7])), 'label is not in 0 to 6'),
        (samples(pred_score=torch.full((7,), np.nan)), 'not finite'),
        (samples(pred_score=torch.ones(2, 3)), r'shape \(2, 3\)'),
        (samples(pred_score='high'), 'no tensor of floats'),
        (samples(pred_score=[0.5] * 7), 'no tensor of floats'),
        (
            [
                {k: v for k, v in s.items() if k != 'frame_dir'}
                for s in samples()
            ],
            'meta_keys',
        ),
        (
            [*samples()[:-1], dict(samples()[-1], pred_score=torch.ones(8))],
            'do not match: all input arrays must have the same shape',
        ),
    ],
)
def test_files_of_something_else(tmp_path, content, reason):
    path = dump(tmp_path, content)
    with pytest.raises(ValueError, match=reason) as caught:
        load_predictions(path)
    assert str(caught.value).startswith(path)


class Evil:
    def __init__(self, path):
        self.path = path

    def __reduce__(self):
        return os.mkdir, (self.path,)


def test_nothing_is_executed(tmp_path):
    path = dump(tmp_path, samples(frame_dir=Evil(str(tmp_path / 'pwned'))))
    with pytest.raises(ValueError, match='refused, .* asks for posix.mkdir'):
        load_predictions(path)
    assert not (tmp_path / 'pwned').exists()


class EvilStorage:
    """What a tensor's storage would be loaded from."""

    def __init__(self, path):
        self.path = path

    def __reduce__(self):
        bytes_of_torch_save = self.path.with_suffix('.pth')
        torch.save(
            Evil(str(self.path)),
            bytes_of_torch_save,
            _use_new_zipfile_serialization=False,
        )
        return (
            torch.storage._load_from_bytes,
            (bytes_of_torch_save.read_bytes(),),
        )


def test_nothing_in_a_tensor_is_executed(tmp_path):
    path = tmp_path / 'a.pkl'
    path.write_bytes(pickle.dumps(samples(x=EvilStorage(tmp_path / 'pwned'))))
    with pytest.raises(ValueError, match='no whole pickle'):
        load_predictions(str(path))
    assert not (tmp_path / 'pwned').exists()
    pickle.loads(path.read_bytes())  # which shows that it could be
    assert (tmp_path / 'pwned').exists()


class Claim:
    """A tensor of more numbers than there are."""

    def __init__(self, size, stride, offset=0):
        self.where = offset, size, stride

    def __reduce__(self):
        rebuild, (storage, *_), *_ = torch.ones(7).__reduce_ex__(2)
        return rebuild, (storage, *self.where, False, {})


@pytest.mark.parametrize(
    'claim',
    [
        Claim((10**9,), (1,)),
        Claim((10**9,), (0,)),
        Claim((2,), (10**9,)),
        Claim((7,), (1,), 10**9),
        Claim((-1,), (1,)),
    ],
)
def test_tensors_are_not_larger_than_the_file(tmp_path, claim):
    path = tmp_path / 'a.pkl'
    path.write_bytes(pickle.dumps(samples(pred_score=claim)))
    with pytest.raises(FormatError, match='larger than|no whole pickle'):
        load_predictions(str(path))


@fuzz(max_examples=150)
@given(damaged(pickle.dumps(samples()[:1])))
def test_any_damage(tmp_path, data):
    path = tmp_path / 'a.pkl'
    path.write_bytes(data)
    try:
        read = load_predictions(str(path))
    except FormatError as error:
        assert error.path == str(path)
    else:  # the damage is within a value, or in what is not read
        assert len(read.names) == 1
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
        st.lists(st.text(max_size=5), min_size=num, max_size=num, unique=True)
    )
    labels = np.arange(num) % classes
    streams = []
    for i, order in enumerate(
        [range(num), data.draw(st.permutations(range(num)))]
    ):
        path = str(tmp_path / f'{i}.pkl')
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
