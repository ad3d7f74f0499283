"""Reader of folders prepared as for CrosSCLR, on good and broken files."""

import io
import pickle

import numpy as np
import pytest
from fuzz import damaged, fuzz
from hypothesis import given
from hypothesis import strategies as st

from projects.ikem.datasets.formats import FormatError, list_clips, read_clip

NAMES = [f'S001C001P00{i}R001A00{i}.skeleton' for i in (1, 2, 3)]
POSITION = np.random.default_rng(0).normal(size=(3, 3, 50, 25, 2)).astype('f4')


def write(folder, position=POSITION, label=(NAMES, [0, 1, 2], [80, 90, 7])):
    np.save(folder / 'train_position.npy', position)
    (folder / 'train_label.pkl').write_bytes(pickle.dumps(label))
    return folder


def test_values(tmp_path):
    clips = list_clips(write(tmp_path), 'train')
    assert [
        (clip.frame_dir, clip.label, clip.raw_frames) for clip in clips
    ] == [
        ('S001C001P001R001A001', 0, 80),
        ('S001C001P002R001A002', 1, 90),
        ('S001C001P003R001A003', 2, 7),
    ]
    clip = read_clip(clips[1])
    assert clip['frame_dir'] == 'S001C001P002R001A002'
    assert (clip['label'], clip['raw_frames']) == (1, 90)
    assert clip['keypoint'].dtype == np.float32
    for person in range(2):
        np.testing.assert_array_equal(
            clip['keypoint'][person, 7, 24], POSITION[1, :, 7, 24, person]
        )
    assert clip['keypoint'].shape == (2, 50, 25, 3)


def test_labels_as_arrays(tmp_path):
    write(tmp_path, label=[NAMES, np.array([0, 1, 2]), np.array([8, 9, 7])])
    clips = list_clips(tmp_path, 'train')
    assert [clip.raw_frames for clip in clips] == [8, 9, 7]


def test_without_frame_counts(tmp_path):
    write(tmp_path, label=(NAMES, [0, 1, 2]))
    with pytest.raises(FormatError, match='--time-scale 1'):
        list_clips(tmp_path, 'train')
    clips = list_clips(tmp_path, 'train', time_scale=1)
    assert [clip.raw_frames for clip in clips] == [50] * 3


@pytest.mark.parametrize(
    'label, reason',
    [
        ((NAMES,), 'expected a tuple'),
        (dict(names=NAMES), 'expected a tuple'),
        ((NAMES[:2], [0, 1]), 'one entry for each of the 3'),
        ((NAMES, [0, 1]), 'one entry for each of the 3'),
        ((NAMES, 3), 'one entry for each of the 3'),
        ((NAMES, [0, 1, -2]), 'labels must be integers of at least 0'),
        ((NAMES, [0, 1, 'x']), 'labels must be integers'),
        ((NAMES, [0, 1, [2]]), 'labels must be integers'),
        ((NAMES, [0, 1, 0.5]), 'labels must be integers'),
        (
            (NAMES, [0, 1, 2], [8, 9, 0]),
            'counts must be integers of at least 1',
        ),
        ((['x', 'y', 3], [0, 1, 2]), 'no text'),
    ],
)
def test_broken_labels(tmp_path, label, reason):
    write(tmp_path, label=label)
    with pytest.raises(FormatError, match=reason) as caught:
        list_clips(tmp_path, 'train', time_scale=1)
    assert caught.value.path.endswith('train_label.pkl')


@pytest.mark.parametrize(
    'position',
    [
        POSITION[0],
        POSITION[:, :2],
        POSITION[..., :24, :],
        POSITION[..., :1],
        POSITION.astype(int),
        POSITION.astype(complex),
    ],
)
def test_wrong_arrays(tmp_path, position):
    write(tmp_path, position=position)
    with pytest.raises(FormatError, match=r'\(clips, 3, frames, 25, 2\)'):
        list_clips(tmp_path, 'train')


@pytest.mark.parametrize(
    'change',
    [
        lambda data: b'',
        lambda data: b'\x00\x01' * 50,
        lambda data: b'PK\x03\x04' * 50,
        lambda data: data[:60],
        lambda data: data[:-1],
        lambda data: data.replace(b'(3, 3,', b'(9999999999, 3,'),
        lambda data: data.replace(b'<f4', b'|O8'),
    ],
)
def test_damaged_arrays(tmp_path, change):
    path = write(tmp_path) / 'train_position.npy'
    path.write_bytes(change(path.read_bytes()))
    with pytest.raises(FormatError, match='npy') as caught:
        list_clips(tmp_path, 'train')
    assert caught.value.path == str(path)


@pytest.mark.parametrize(
    'value, reason',
    [(np.nan, 'not finite'), (np.inf, 'not finite'), (0, 'nobody to see')],
)
def test_broken_clip(tmp_path, value, reason):
    position = POSITION.copy()
    position[1] = value
    clips = list_clips(write(tmp_path, position=position), 'train')
    read_clip(clips[0])
    with pytest.raises(
        FormatError,
        match=f'{reason}.*S001C001P002R001A002|S001C001P002R001A002.*{reason}',
    ):
        read_clip(clips[1])


def test_missing_files(tmp_path):
    with pytest.raises(FileNotFoundError, match='train_position'):
        list_clips(tmp_path, 'train')
    write(tmp_path)
    (tmp_path / 'train_label.pkl').unlink()
    with pytest.raises(FileNotFoundError, match='train_label'):
        list_clips(tmp_path, 'train')


def test_nested_labels_are_not_unfolded(tmp_path):
    label = [0] * 1000
    for _ in range(3):
        label = [label] * 1000  # 10^12 entries that take no memory
    write(tmp_path, label=(NAMES, [0, 1, label]))
    with pytest.raises(FormatError, match='labels must be integers'):
        list_clips(tmp_path, 'train', time_scale=1)


def as_npy(array):
    file = io.BytesIO()
    np.save(file, array)
    return file.getvalue()


SMALL = np.ones((1, 3, 2, 25, 2), 'f4')


@fuzz(max_examples=150)
@given(
    position=st.just(as_npy(SMALL)) | damaged(as_npy(SMALL)),
    label=damaged(pickle.dumps((NAMES[:1], [0], np.array([80])))),
)
def test_any_damage(tmp_path, position, label):
    (tmp_path / 'train_position.npy').write_bytes(position)
    (tmp_path / 'train_label.pkl').write_bytes(label)
    try:
        clips = [read_clip(clip) for clip in list_clips(tmp_path, 'train', 1)]
    except FormatError as error:
        assert error.path.startswith(str(tmp_path))
    else:  # the damage is within a value
        assert all(np.isfinite(clip['keypoint']).all() for clip in clips)


@fuzz(max_examples=30)
@given(
    numbers=st.lists(
        st.tuples(st.integers(0, 119), st.integers(1, 999)), max_size=5
    ),
    num_frames=st.integers(1, 60),
    protocol=st.integers(0, pickle.HIGHEST_PROTOCOL),
)
def test_what_numpy_and_pickle_wrote(tmp_path, numbers, num_frames, protocol):
    position = np.random.default_rng(0).normal(
        size=(len(numbers), 3, num_frames, 25, 2)
    )
    names = [f'clip{i}' for i in range(len(numbers))]
    labels, frames = ([pair[i] for pair in numbers] for i in (0, 1))
    np.save(tmp_path / 'train_position.npy', position)
    (tmp_path / 'train_label.pkl').write_bytes(
        pickle.dumps((names, np.array(labels, int), frames), protocol)
    )
    clips = [read_clip(clip) for clip in list_clips(tmp_path, 'train')]
    assert [clip['frame_dir'] for clip in clips] == names
    assert [clip['label'] for clip in clips] == labels
    assert [clip['raw_frames'] for clip in clips] == frames
    for clip, written in zip(clips, position):
        np.testing.assert_array_equal(
            clip['keypoint'], written.transpose(3, 1, 2, 0).astype('f4')
        )
