"""Reader of the toolbox's pose pickles, and the restricted unpickler."""

import codecs
import os
import pickle
import pickletools
import resource
from collections import OrderedDict

import numpy as np
import pytest
from fuzz import LongerArray, damaged, fuzz
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from projects.ikem.datasets.formats import (
    FormatError,
    load_pose_pickles,
    read_annotation,
    restricted_pickle,
)
from projects.ikem.datasets.formats.pose_pickle import (
    count_classes,
    count_persons,
)

KEYPOINT = np.random.default_rng(0).normal(size=(3, 6, 25, 3))


def annotate(frame_dir='a', persons=2, **fields):
    annotation = dict(
        frame_dir=frame_dir,
        label=4,
        keypoint=KEYPOINT[:persons].astype(np.float16),
        total_frames=6,
    )
    annotation.update(fields)
    return annotation


def dump(folder, content, protocol=None):
    path = folder / 'poses.pkl'
    path.write_bytes(pickle.dumps(content, protocol))
    return path


def dump_poses(folder, *annotations, **split):
    return dump(folder, dict(split=split, annotations=list(annotations)))


def read(annotation, num_persons=2):
    return read_annotation(('poses.pkl', annotation), 25, num_persons)


# ---------------------------------------------------------------- unpickler


@pytest.mark.parametrize('protocol', range(pickle.HIGHEST_PROTOCOL + 1))
def test_plain_data(tmp_path, protocol):
    content = OrderedDict(
        array=np.arange(6.0).reshape(2, 3),
        fortran=np.asfortranarray(np.arange(6, dtype='i2').reshape(2, 3)),
        text=np.array(['a', 'bc']),
        scalar=np.float32(2.5),
        plain=[1, 2.5, 'x', b'\xff', None, True, (1,), {2}, frozenset({3})],
    )
    loaded = restricted_pickle.load(dump(tmp_path, content, protocol))
    assert isinstance(loaded, OrderedDict)
    for key in ('array', 'fortran', 'text', 'scalar'):
        np.testing.assert_array_equal(loaded[key], content[key])
        assert loaded[key].dtype == content[key].dtype
    assert loaded['plain'] == content['plain']


def test_other_numpy_generation(tmp_path):
    data = pickle.dumps(np.arange(3.0), protocol=0)
    assert b'core.multiarray' in data
    for module in (b'numpy.core', b'numpy._core'):
        path = tmp_path / 'poses.pkl'
        path.write_bytes(
            data.replace(b'numpy._core', b'numpy.core').replace(
                b'numpy.core', module
            )
        )
        np.testing.assert_array_equal(restricted_pickle.load(path), [0, 1, 2])


def test_python_2(tmp_path):
    path = tmp_path / 'poses.pkl'
    # the array float32 [1, 2] and a text, as Python 2 wrote them
    path.write_bytes(
        b'(lp0\ncnumpy.core.multiarray\n_reconstruct\np1\n(cnumpy\nndarray\n'
        b"p2\n(I0\ntp3\nS'b'\np4\ntp5\nRp6\n(I1\n(I2\ntp7\ncnumpy\ndtype\np8\n"
        b"(S'f4'\np9\nI0\nI1\ntp10\nRp11\n(I3\nS'<'\np12\nNNNI-1\nI-1\nI0\n"
        b"tp13\nbI00\nS'\\x00\\x00\\x80?\\x00\\x00\\x00@'\np14\ntp15\nbaS'a01'"
        b'\np16\na.'
    )
    array, text = restricted_pickle.load(path)
    np.testing.assert_array_equal(array, np.array([1, 2], np.float32))
    assert text == 'a01'


class Malicious:
    def __init__(self, function, *args):
        self.call = function, args

    def __reduce__(self):
        return self.call


@pytest.mark.parametrize(
    'function',
    [
        os.system,
        eval,
        exec,
        getattr,
        __import__,
        print,
        open,
        np.load,
        np.savetxt,
        bytearray,
        type,
    ],
)
def test_code_is_not_executed(tmp_path, function):
    marker = tmp_path / 'marker'
    path = dump(tmp_path, [Malicious(function, f'touch {marker}')])
    with pytest.raises(
        FormatError,
        match=rf'\.{function.__name__}\b',
    ):
        restricted_pickle.load(path)
    assert not marker.exists()


def test_code_in_a_pose_pickle_is_not_executed(tmp_path):
    marker = tmp_path / 'marker'
    spoilt = annotate(extra=Malicious(os.system, f'touch {marker}'))
    with pytest.raises(FormatError, match='system'):
        load_pose_pickles([dump_poses(tmp_path, spoilt, train=['a'])], 25)
    assert not marker.exists()


@pytest.mark.parametrize(
    'content',
    [
        np.array([{}, None], object),
        np.zeros(2, [('a', 'f4'), ('b', object)]),
        Malicious(np.dtype, 'f4,O'),
        Malicious(np.dtype, [('a', 'O')]),
    ],
)
def test_objects_in_arrays_are_refused(tmp_path, content):
    with pytest.raises(FormatError, match='numbers'):
        restricted_pickle.load(dump(tmp_path, content))


def test_other_codecs_are_refused(tmp_path):
    path = dump(tmp_path, Malicious(codecs.encode, 'x', 'rot13'), protocol=2)
    with pytest.raises(FormatError, match='encoding'):
        restricted_pickle.load(path)


@pytest.mark.parametrize(
    'change',
    [
        lambda data: b'',
        lambda data: data[: len(data) // 2],
        lambda data: data[:-1],
        lambda data: b'\x00\xff' * 20,
        lambda data: b'{"split": {}}',
    ],
)
def test_damaged_pickle(tmp_path, change):
    path = dump_poses(tmp_path, annotate(), train=['a'])
    path.write_bytes(change(path.read_bytes()))
    with pytest.raises(FormatError, match='no whole pickle') as caught:
        load_pose_pickles([path], 25)
    assert caught.value.path == str(path)


def test_missing_file(tmp_path):
    with pytest.raises(FileNotFoundError):
        load_pose_pickles([tmp_path / 'none.pkl'], 25)


OPCODES = [op.code.encode('latin1') for op in pickletools.opcodes]


@fuzz(max_examples=100)
@given(
    st.lists(
        st.sampled_from([*OPCODES, b'\x00\x00', b'\x01', b'1\n', b'S"x"\n']),
        max_size=12,
    ).map(b''.join)
)
def test_any_bytes(tmp_path, data):
    path = tmp_path / 'poses.pkl'
    path.write_bytes(data)
    with pytest.raises(FormatError):
        load_pose_pickles([path], 25)


@pytest.mark.parametrize(
    'data',
    [
        b'Nr\xff\xff\xff\x7f',  # the memo of 2^31 objects
        b'\x8e' + b'\xff' * 5 + b'\0\0\0',  # 1 TB of bytes
        b'\x8d' + b'\xff' * 5 + b'\0\0\0',  # of text
        b'\x96' + b'\xff' * 5 + b'\0\0\0',  # of a bytearray
        b'\x95' + b'\xff' * 5 + b'\0\0\0',  # of a frame
    ],
)
def test_memory_is_not_reserved_for_what_is_not_there(tmp_path, data):
    path = tmp_path / 'poses.pkl'
    path.write_bytes(b'\x80\x05' + data)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    with pytest.raises(FormatError, match='no whole pickle'):
        restricted_pickle.load(path)
    after = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    assert after - before < 2**17  # KiB


def test_arrays_do_not_reach_beyond_their_memory(tmp_path):
    array = LongerArray()
    content = restricted_pickle.load(dump(tmp_path, [array.dtype, array]))
    assert content[1].tobytes() == b'abcdefgh'


# ---------------------------------------------------------------- poses


def test_values(tmp_path):
    path = dump_poses(
        tmp_path,
        annotate('a'),
        annotate('b', 1, label=np.int64(7)),
        xsub_train=['b'],
        xsub_val=('a',),
    )
    content = load_pose_pickles([path], 25)
    assert content.split == dict(xsub_train=['b'], xsub_val=['a'])
    assert count_classes(content.annotations) == 8
    assert count_persons(content.annotations) == 2
    clip = read(content.annotations[1])
    assert (clip['frame_dir'], clip['label']) == ('b', 7)
    assert clip['raw_frames'] == clip['length'] == 6
    assert clip['keypoint'].dtype == np.float32
    np.testing.assert_allclose(clip['keypoint'][0], KEYPOINT[0], rtol=1e-3)
    assert not clip['keypoint'][1].any()


@pytest.mark.parametrize('persons', [1, 2])
def test_up_to_two_persons_are_kept_in_order(persons):
    annotation = annotate(persons=persons)
    assert count_persons([annotation]) == persons
    clip = read(annotation, persons)
    np.testing.assert_allclose(clip['keypoint'], KEYPOINT[:persons], rtol=1e-3)
    assert not clip['counts']


def test_of_more_persons_those_that_move_most_are_kept():
    moves = np.array((0.1, 3, 1, 2))[:, None, None, None]
    keypoint = np.concatenate((KEYPOINT, -KEYPOINT[:1])) * moves
    assert count_persons([annotate(keypoint=keypoint)]) == 2
    clip = read(annotate(keypoint=keypoint))
    np.testing.assert_allclose(clip['keypoint'], keypoint[[1, 3]], rtol=1e-6)
    assert list(clip['counts'].values()) == [2]


def test_an_empty_slot_before_a_person_is_none():
    keypoint = KEYPOINT[:2] * np.array((0, 1))[:, None, None, None]
    clip = read(annotate(keypoint=keypoint))
    np.testing.assert_allclose(clip['keypoint'][0], KEYPOINT[1], rtol=1e-6)
    assert not clip['keypoint'][1].any()


def test_frames_that_show_somebody_come_first():
    keypoint = KEYPOINT[:2].copy()
    keypoint[:, [0, 3]] = 0
    keypoint[0, 1] = 0
    clip = read(annotate(keypoint=keypoint, total_frames=5))
    assert (clip['raw_frames'], clip['length']) == (5, 3)
    expected = np.zeros((2, 5, 25, 3))
    expected[:, :3] = keypoint[:, [1, 2, 4]]
    np.testing.assert_allclose(clip['keypoint'], expected, rtol=1e-6)


@pytest.mark.parametrize('kind', [list, tuple, np.array, set])
def test_a_part_of_the_annotations(tmp_path, kind):
    path = dump_poses(tmp_path, annotate('a'), t=kind(['a', 'z']))
    content = load_pose_pickles([path], 25)
    assert content.split == dict(t=['a'])
    assert "'z'" in content.notes[0]


def test_lists_of_annotations(tmp_path):
    for name in 'ab':
        annotation = annotate(name)
        annotation['filename'] = annotation.pop('frame_dir')
        dump(tmp_path, [annotation]).rename(tmp_path / f'split_{name}.pkl')
    paths = sorted(tmp_path.iterdir())
    assert not load_pose_pickles(paths[:1], 25).split
    content = load_pose_pickles(paths, 25)
    assert content.split == dict(split_a=['a'], split_b=['b'])
    with pytest.raises(FormatError, match="'a' is in several"):
        load_pose_pickles([paths[0], paths[0]], 25)


def test_windows_of_one_video(tmp_path):
    names = ['a', 'a', 'b', 'a#2']
    path = dump_poses(tmp_path, *map(annotate, names), t=['a'], v=['b'])
    content = load_pose_pickles([path], 25)
    unique = [clip['frame_dir'] for clip in content.annotations]
    assert len(set(unique)) == 4 and unique[0] == 'a' and unique[3] == 'a#2'
    assert content.split == dict(t=unique[:2], v=['b'])
    assert repr(unique[1]) in content.notes[0]


@pytest.mark.parametrize(
    'labels, numbers, classes',
    [
        ([3, np.int8(0), np.array(2), np.array([1])], [3, 0, 2, 1], None),
        ([1.0, None, -1, float('nan')], [1, -1, -1, -1], None),
        (['sit', 'bow', None, 'sit'], [1, 0, -1, 1], ['bow', 'sit']),
        (['10', '9', '10', '9'], [1, 0, 1, 0], ['9', '10']),
    ],
)
def test_labels(tmp_path, labels, numbers, classes):
    annotations = [
        annotate(str(i), label=label) for i, label in enumerate(labels)
    ]
    content = load_pose_pickles([dump_poses(tmp_path, *annotations)], 25)
    assert [clip['label'] for clip in content.annotations] == numbers
    assert content.classes == classes


def test_labels_of_two_kinds(tmp_path):
    path = dump_poses(tmp_path, annotate('a', label='x'), annotate('b'))
    with pytest.raises(FormatError, match="'x'"):
        load_pose_pickles([path], 25)


def test_clips_without_a_label(tmp_path):
    annotation = annotate()
    del annotation['label']
    content = load_pose_pickles([dump_poses(tmp_path, annotation)], 25)
    assert read(content.annotations[0])['label'] == -1


def test_fields_are_kept(tmp_path):
    annotation = annotate(
        subject=np.int64(3), camera='left', tags=['x', 2], mask=KEYPOINT
    )
    content = load_pose_pickles([dump_poses(tmp_path, annotation)], 25)
    fields = read(content.annotations[0])['fields']
    assert fields == dict(subject=3, camera='left', tags=['x', 2])
    assert "'mask'" in content.notes[0]


def test_joints_that_are_missing():
    keypoint = KEYPOINT[:2].copy()
    keypoint[:, 0], keypoint[1, 4] = 0, 0  # absent: no neighbours in time
    line = np.arange(6.0)[:, None] * (1, -1, 2)
    keypoint[0, 1:, 7] = line[1:]
    keypoint[0, [2, 3, 5], 7] = np.nan
    keypoint[1, 2] = np.nan  # nobody, in this frame
    with pytest.raises(FormatError, match='joint 7 of person 0.*interpolate'):
        read(annotate(keypoint=keypoint))
    clip = read_annotation(
        ('poses.pkl', annotate(keypoint=keypoint)), 25, 2, interpolate=True
    )
    filled = np.concatenate((line[1:5], line[4:5]))
    np.testing.assert_allclose(clip['keypoint'][0, :5, 7], filled)
    assert not clip['keypoint'][1, [1, 3]].any()  # frames 2 and 4
    keypoint[0, :, 7] = np.nan
    with pytest.raises(FormatError, match='joint 7'):
        read_annotation(
            ('poses.pkl', annotate(keypoint=keypoint)), 25, 2, True
        )


@pytest.mark.parametrize(
    'content, reason',
    [
        ([], 'empty'),
        (3, 'expected a list'),
        (dict(split={}), 'expected a list'),
        (dict(split=[3], annotations=[annotate()]), 'expected a list'),
        (dict(split={}, annotations=[]), 'empty'),
        (dict(split={}, annotations=[3]), 'annotation 0 has no name'),
        (dict(split=dict(t=['z']), annotations=[annotate()]), "split 't'"),
        (dict(split=dict(t=[[]]), annotations=[annotate()]), "split 't'"),
        (dict(split=dict(t=3), annotations=[annotate()]), "split 't'"),
        (
            dict(split={}, annotations=[annotate(keypoint=KEYPOINT[..., :2])]),
            '2 coordinates; .*3-D',
        ),
        (
            dict(
                split={}, annotations=[annotate(keypoint=KEYPOINT[:, :, :17])]
            ),
            '17 joints, the layout has 25; .*--layout',
        ),
    ],
)
def test_other_content(tmp_path, content, reason):
    with pytest.raises(FormatError, match=reason):
        load_pose_pickles([dump(tmp_path, content)], 25)


@pytest.mark.parametrize(
    'fields, reason',
    [
        (dict(keypoint=None), 'no array'),
        (dict(keypoint=KEYPOINT[0]), 'no array'),
        (dict(keypoint=KEYPOINT * np.nan), 'nobody to see'),
        (dict(keypoint=KEYPOINT * np.inf), 'not finite'),
        (dict(keypoint=KEYPOINT * 1e300), 'not finite'),
        (dict(keypoint=KEYPOINT * 0), 'nobody to see'),
        (dict(keypoint=KEYPOINT[:0]), 'nobody to see'),
        (dict(keypoint=np.zeros((0, 10**12, 25, 3))), 'nobody to see'),
        (dict(label=()), 'no class number'),
        (dict(total_frames=0), 'does not fit'),
        (dict(total_frames=7), 'does not fit'),
        (dict(total_frames=None), 'does not fit'),
    ],
)
def test_broken_annotation(fields, reason):
    with pytest.raises(FormatError, match=reason) as caught:
        read(annotate(**fields))
    assert caught.value.path == 'poses.pkl'
    assert 'clip a' in str(caught.value)


@fuzz(max_examples=200)
@given(
    st.integers(0, pickle.HIGHEST_PROTOCOL).flatmap(
        lambda protocol: damaged(
            pickle.dumps(
                dict(
                    split=dict(train=['a']),
                    annotations=[annotate(keypoint=KEYPOINT[:1, :1])],
                ),
                protocol,
            )
        )
    )
)
def test_any_damage(tmp_path, data):
    path = tmp_path / 'poses.pkl'
    path.write_bytes(data)
    try:
        content = load_pose_pickles([path], 25)
        persons = count_persons(content.annotations)
        clips = [
            read_annotation((path, annotation), 25, persons)
            for annotation in content.annotations
        ]
        count_classes(content.annotations)
    except FormatError as error:
        assert error.path == str(path)
    else:  # the damage is within a value
        assert all(np.isfinite(clip['keypoint']).all() for clip in clips)


@fuzz(max_examples=40)
@given(
    keypoint=st.tuples(st.integers(1, 2), st.integers(1, 5)).flatmap(
        lambda shape: arrays(
            np.float32, (*shape, 25, 3), elements=st.floats(1, 99, width=32)
        )
    ),
    label=st.integers(0, 119),
    protocol=st.integers(0, pickle.HIGHEST_PROTOCOL),
)
def test_what_pickle_wrote(tmp_path, keypoint, label, protocol):
    annotation = dict(frame_dir='a', label=label, keypoint=keypoint)
    content = dict(split=dict(t=['a']), annotations=[annotation])
    content = load_pose_pickles([dump(tmp_path, content, protocol)], 25)
    clip = read(content.annotations[0], len(keypoint))
    np.testing.assert_array_equal(clip['keypoint'], keypoint)
    assert (clip['frame_dir'], clip['label']) == ('a', label)
    assert clip['raw_frames'] == clip['length'] == keypoint.shape[1]
