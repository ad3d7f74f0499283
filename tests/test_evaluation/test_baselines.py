import json

import numpy as np
import pytest
from commands import succeed

from projects.ikem.datasets.prepared import PreparedWriter
from projects.ikem.evaluation.baselines import (
    RIDGE_ALPHA,
    KeptBaselines,
    baseline_features,
    doubt,
    few_label_pairs,
    prepared_baselines,
    top1,
    trivial_baselines,
)


@pytest.fixture
def problem():
    """Three overlapping classes in 12 dimensions of unequal scale."""
    rng = np.random.default_rng(0)
    labels = np.arange(90) % 3
    centers = 2 * rng.normal(size=(3, 12))
    features = centers[labels] + 2 * rng.normal(size=(90, 12))
    features *= rng.uniform(0.1, 10, 12)
    return features[:60], labels[:60], features[60:], labels[60:]


def test_features_are_resampled_positions_and_their_differences():
    keypoint = np.random.default_rng(0).normal(size=(2, 7, 3, 3))
    position = np.zeros((2, 4, 3, 3))
    for m, t in np.ndindex(2, 4):
        read = min(max((t + 0.5) * 7 / 4 - 0.5, 0), 6)
        low = int(read)
        a, b = keypoint[m, low], keypoint[m, min(low + 1, 6)]
        position[m, t] = a + (read - low) * (b - a)
    velocity = position[:, 1:] - position[:, :-1]
    features = baseline_features(keypoint, num_frames=4)
    np.testing.assert_allclose(
        features, [*position.flatten(), *velocity.flatten()]
    )


def test_features_of_a_prepared_clip_keep_its_type():
    features = baseline_features(np.zeros((2, 50, 25, 3), np.float32))
    assert features.shape == (2 * (24 + 23) * 25 * 3,)
    assert features.dtype == np.float32


def test_as_many_frames_as_there_are_stay_as_they_are():
    keypoint = np.random.default_rng(0).normal(size=(1, 24, 5, 3))
    features = baseline_features(keypoint)
    np.testing.assert_allclose(features[: keypoint.size], keypoint.ravel())


def test_nearest_neighbour_against_a_loop(problem):
    train, labels_train, val, labels_val = problem
    hits = 0
    for x, label in zip(val, labels_val):
        distance = [np.sqrt(((x - y) ** 2).sum()) for y in train]
        hits += labels_train[int(np.argmin(distance))] == label
    assert trivial_baselines(*problem)['nn1'] == pytest.approx(
        100 * hits / len(val)
    )


def test_ridge_against_the_normal_equations(problem):
    train, labels_train, val, labels_val = problem
    mean, std = train.mean(0), train.std(0)
    train, val = (train - mean) / std, (val - mean) / std
    targets = 2.0 * np.eye(3)[labels_train] - 1
    offset = targets.mean(0)
    weight = np.linalg.solve(
        train.T @ train + RIDGE_ALPHA * np.eye(12),
        train.T @ (targets - offset),
    )
    hits = (val @ weight + offset).argmax(1) == labels_val
    assert trivial_baselines(*problem)['ridge'] == pytest.approx(
        100 * hits.mean()
    )


def test_ridge_with_fewer_clips_than_features(problem):
    """Solved by clips, it is what is solved by features."""
    train, labels_train, val, labels_val = problem
    wide = np.random.default_rng(1).normal(size=(12, 70))
    train, val = train @ wide, val @ wide
    x, x_val = (y / train.std(0) for y in (train, val))
    targets = 2.0 * np.eye(3)[labels_train] - 1
    offset = targets.mean(0)
    weight = np.linalg.solve(
        np.cov(x.T, bias=True) * len(x) + RIDGE_ALPHA * np.eye(70),
        (x - x.mean(0)).T @ (targets - offset),
    )
    hits = ((x_val - x.mean(0)) @ weight + offset).argmax(1) == labels_val
    data = train, labels_train, val, labels_val
    assert trivial_baselines(*data)['ridge'] == pytest.approx(
        100 * hits.mean()
    )


def test_constant_features_change_nothing(problem):
    """An absent person's joints are zero."""
    train, labels_train, val, labels_val = problem
    padded = [
        np.concatenate((x, np.full((len(x), 5), 0.1)), 1) for x in (train, val)
    ]
    assert trivial_baselines(*problem) == trivial_baselines(
        padded[0], labels_train, padded[1], labels_val
    )


def test_sentences_of_what_is_below():
    baselines = dict(ridge=61.5, nn1=81.4)
    metrics = {
        'acc/fused_top1': 0.595,
        'acc/joint_knn1_top1': 0.9,
        'acc/joint_top5': 0.1,
        'loss': 1.0,
    }
    end = ' below the nearest neighbour on raw joints, 81.4'
    assert doubt(top1(metrics), baselines) == f'fused 59.5 is{end}'
    assert doubt(dict(a=1, b=2), baselines) == f'a 1.0, b 2.0 are{end}'
    assert doubt(dict(fused=81.4), baselines) is None
    equal, logged = 100 * 7 / 24, float(100 * np.float32(7 / 24))
    assert logged < equal
    assert doubt(dict(fused=logged), dict(ridge=0.0, nn1=equal)) is None
    assert top1({'acc/top1': 0.5}) == {'top-1': 50.0}


@pytest.fixture
def prepared(tmp_path):
    """Twelve clips of two classes that differ in where the joints are."""
    rng = np.random.default_rng(0)
    labels = np.arange(12) % 2
    keypoint = (
        rng.normal(size=(12, 2, 50, 25, 3))
        + 3 * labels[:, None, None, None, None]
    )
    names = [f'clip{i}' for i in range(12)]

    def write(split):
        folder = tmp_path / 'prepared'
        with PreparedWriter(folder, 'random', 'ntu-25', 2, 12) as writer:
            for clip, name, label in zip(keypoint, names, labels):
                writer.append(clip, name, label, 80)
            writer.commit(split)
        return folder

    return names, write


def test_every_split_with_two_parts_is_measured(prepared):
    names, write = prepared
    folder = write(
        {
            'xsub_train': names[:8],
            'xsub_val': names[8:],
            'xset_train': names[4:],
            'xset_val': names[:4],
            'xview_train': names,  # nothing to validate on
            'train': names[:8],
            'val': names[8:],
            'train_10pct': names[:2],
            'by_day_train': names[:8],
            'by_day_test': names[8:],
        }
    )
    perfect = dict(ridge=100.0, nn1=100.0)
    assert prepared_baselines(folder) == dict.fromkeys(
        ('xsub', 'xset', 'train', 'by_day'), perfect
    )


def test_clips_without_a_label_are_left_out(prepared):
    names, write = prepared
    folder = write(dict(train=names[:8], val=names[8:]))
    path = folder / 'annotations.json'
    meta = json.loads(path.read_text())
    for clip in meta['annotations'][1:12:5]:
        clip['label'] = -1
    path.write_text(json.dumps(meta))
    assert prepared_baselines(folder)['train'] == dict(ridge=100.0, nn1=100.0)


def test_a_split_is_needed(prepared):
    names, write = prepared
    with pytest.raises(ValueError, match='xview_train'):
        prepared_baselines(write({'xview_train': names}))


def test_pairs_that_are_given(prepared):
    names, write = prepared
    folder = write(dict(a=names[:8], b=names[8:]))
    perfect = dict(ridge=100.0, nn1=100.0)
    assert prepared_baselines(folder, [('a', 'b'), ('b', 'a')]) == {
        'a b': perfect,
        'b a': perfect,
    }
    with pytest.raises(ValueError, match="no split 'c'"):
        prepared_baselines(folder, [('a', 'c')])


def test_pairs_of_few_labels():
    names = ['train', 'val', 'train_10pct', 'xsub_train', 'xsub_val']
    names += ['xsub_train_10pct', 'xsub_train_3perclass_seed1']
    xsub = {
        'xsub_10pct': ('xsub_train_10pct', 'xsub_val'),
        'xsub_3perclass_seed1': ('xsub_train_3perclass_seed1', 'xsub_val'),
    }
    assert few_label_pairs(names, ['xsub']) == xsub
    assert few_label_pairs(names, ['train', 'xsub']) == {
        'train_10pct': ('train_10pct', 'val'),
        **xsub,
    }


def test_the_tool(prepared):
    names, write = prepared
    folder = write(dict(xsub_train=names[:8], xsub_val=names[8:]))
    tool = 'tools/analysis_tools/baselines.py'
    _, line = succeed(tool, folder).splitlines()
    assert line.split() == ['xsub', '100.0', '100.0']
    assert not (folder / 'baselines.json').exists()
    pair = ('--train', 'xsub_val', '--val', 'xsub_train', '--keep')
    succeed(tool, folder, *pair)
    (entry,) = KeptBaselines(folder).read().values()
    assert entry == dict(
        train='xsub_val', val='xsub_train', ridge=100.0, nn1=100.0
    )
