"""Features as a file."""

import numpy as np
import pytest

from projects.ikem.datasets.formats import FormatError
from projects.ikem.evaluation.features import (
    Features,
    field_arrays,
    load_features,
)


@pytest.fixture
def features():
    return Features(
        ['a', 'b "</script>', 'ü'],
        np.array([0, -1, 1]),
        dict(joint=np.eye(3, 4, dtype=np.float32)),
        field_arrays([dict(subject=3, room='x'), dict(subject=4), {}]),
        ['sit', 'bow'],
    )


def test_written_and_read(features, tmp_path):
    features.save(tmp_path / 'f.npz')
    read = load_features(tmp_path / 'f.npz')
    assert read.names == features.names and read.classes == ['sit', 'bow']
    assert read.labels.tolist() == [0, -1, 1]
    np.testing.assert_array_equal(
        read.streams['joint'], features.streams['joint']
    )
    assert read.fields['subject'].tolist() == ['3', '4', '']
    assert read.fields['room'].tolist() == ['x', '', '']
    some = read.take([2, 0])
    assert some.names == ['ü', 'a'] and some.labels.tolist() == [1, 0]
    assert some.streams['joint'][1, 0] == 1
    with pytest.raises(ValueError, match='npz'):
        features.save(tmp_path / 'f.pkl')


def test_fields_keep_numbers():
    fields = field_arrays([dict(s=3, x=0.5), dict(s=4, x=2)])
    assert fields['s'].dtype.kind == 'i' and fields['x'].tolist() == [0.5, 2]
    (big,) = field_arrays([dict(s=10**30), dict(s=1)]).values()
    assert big.dtype.kind == 'U'
    (lists,) = field_arrays([dict(s=[1, 2]), dict(s=True)]).values()
    assert lists.tolist() == ['[1, 2]', 'True']


@pytest.mark.parametrize(
    'change, named',
    [
        (dict(names=None), 'names'),
        (dict(names=np.arange(3)), 'names'),
        (dict(labels=np.array([0, 5, 1])), 'label'),
        (dict(labels=np.array([0, -2, 1])), 'label'),
        (dict(labels=np.array([0, 1])), 'labels'),
        (dict(features_joint=None), 'features_'),
        (dict(features_joint=np.full((3, 4), np.nan)), 'features_joint'),
        (dict(features_joint=np.zeros((2, 4))), 'features_joint'),
        (dict(field_room=np.array(['x'])), 'field_room'),
        (dict(field_room=np.array([b'x'] * 3)), 'field_room'),
        (dict(field_room=np.array([1, 2, np.nan])), 'field_room'),
        (dict(field_room=np.array([{}, 1, 2], object)), 'npz'),
    ],
)
def test_files_that_are_no_features(features, tmp_path, change, named):
    path = tmp_path / 'f.npz'
    features.save(path)
    arrays = {**np.load(path), **change}
    np.savez(path, **{k: v for k, v in arrays.items() if v is not None})
    with pytest.raises(FormatError, match=named):
        load_features(path)
    path.write_bytes(b'PK no zip')
    with pytest.raises(FormatError, match='npz'):
        load_features(path)
