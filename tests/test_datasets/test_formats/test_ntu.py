"""Reader of raw NTU RGB+D skeletons, on good and broken files."""

import pickle

import numpy as np
import pytest
from fuzz import damaged, fuzz
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import array_shapes, arrays

from projects.ikem.datasets.formats import FormatError, read_skeleton
from projects.ikem.datasets.formats.ntu import parse_name
from projects.ikem.datasets.synthetic.kinect import write_skeleton

NAME = 'S001C002P003R002A013'
ID = 72057594037931101  # two such ids are the same number in float64


def body_text(joints, body_id=ID):
    lines = [f'{body_id} 0 1 1 1 1 0 0.02 0.05 2', '25']
    lines += [
        ' '.join(f'{v:.7g}' for v in xyz) + ' 1 2 3 4 0.1 0.2 0.3 0.4 2'
        for xyz in joints
    ]
    return lines


def clip_lines(frames):
    """Lines of a clip: frames of bodies (joints, id)."""
    lines = [str(len(frames))]
    for bodies in frames:
        lines.append(str(len(bodies)))
        for joints, body_id in bodies:
            lines += body_text(joints, body_id)
    return lines


@pytest.fixture
def rng():
    return np.random.default_rng(0)


@pytest.fixture
def joints(rng):
    return rng.normal(size=(8, 25, 3)).astype(np.float32)


@pytest.fixture
def write(tmp_path):

    def write_lines(lines, newline='\n', name=NAME):
        path = tmp_path / f'{name}.skeleton'
        path.write_bytes(newline.join([*lines, '']).encode())
        return path

    return write_lines


@pytest.fixture
def good(joints):
    """Lines of three frames of one body."""
    return clip_lines([[(joints[t], ID)] for t in range(3)])


def test_parse_name():
    assert parse_name('x/S033C001P106R002A120.skeleton') == dict(
        setup=33, camera=1, subject=106, repetition=2, action=120
    )


@pytest.mark.parametrize(
    'name',
    [
        'S001C002P003R002',
        'S001C002P003R002A000',
        'xS001C002P003R002A013',
        'S001C002P003R002A01x',
        'S١٢٣C002P003R002A013',
        '',
    ],
)
def test_parse_name_refuses(name):
    with pytest.raises(FormatError, match='SsssCcccPpppRrrrAaaa'):
        parse_name(name)


@pytest.mark.parametrize('newline', ['\n', '\r\n'])
def test_values(write, joints, good, newline):
    clip = read_skeleton(write(good, newline))
    assert clip['frame_dir'] == NAME
    assert clip['label'] == 12
    assert clip['raw_frames'] == clip['length'] == 3
    assert clip['keypoint'].shape == (2, 3, 25, 3)
    assert clip['keypoint'].dtype == np.float32
    np.testing.assert_allclose(clip['keypoint'][0], joints[:3], rtol=1e-6)
    assert not clip['keypoint'][1].any()


def test_order_takes_the_first_two_of_each_frame(write, joints):
    a, b, c, d, e = joints[:5]
    path = write(
        clip_lines([[(a, 1)], [], [(b, 2), (c, 1), (d, 3)], [(e, 3)]])
    )
    clip = read_skeleton(path)
    expected = np.zeros((2, 4, 25, 3))
    expected[0, [0, 2, 3]] = a, b, e  # whatever their ids
    expected[1, 2] = c
    np.testing.assert_allclose(clip['keypoint'], expected, rtol=1e-6)
    assert clip['raw_frames'] == 4
    assert clip['length'] == 3


def test_energy_tracks_and_ranks_bodies(write, joints):
    still = np.stack([joints[0]] * 5)
    quick = 3 * joints[1:6]
    ghost = 0.01 * joints[0]
    frames = [[(still[t], ID)] for t in range(5)]
    for t in (1, 2, 4):  # the quick one is listed after others
        frames[t] += [(ghost, 7), (quick[t], ID + 1)]
    clip = read_skeleton(write(clip_lines(frames)), select='energy')
    expected = np.zeros((2, 5, 25, 3))
    expected[0, :3] = quick[[1, 2, 4]]  # the frames that show it come first
    expected[1, :3] = still[[1, 2, 4]]
    np.testing.assert_allclose(clip['keypoint'], expected, rtol=1e-6)
    assert clip['raw_frames'] == 5
    assert clip['length'] == 3


def test_unused_columns_may_be_infinite(write, good):
    good[5] = '1 2 3 -1.#INF 1.#QNAN nan -inf 0 0 0 0 2'
    clip = read_skeleton(write(good))
    np.testing.assert_array_equal(clip['keypoint'][0, 0, 1], [1, 2, 3])


def replaced(index, text):

    def spoil(lines):
        lines[index] = text
        return lines

    return spoil


BROKEN = {
    'empty': (lambda lines: [], None, 'empty'),
    'blank': (lambda lines: ['', '  '], None, 'empty'),
    'no frame count': (replaced(0, 'three'), 1, 'number of frames'),
    'negative frame count': (replaced(0, '-3'), 1, 'number of frames'),
    'huge frame count': (replaced(0, '999999999'), 1, 'truncated'),
    'absurd frame count': (replaced(0, '9' * 5000), 1, 'number of frames'),
    'too few frames': (replaced(0, '4'), 85, 'truncated'),
    'too many frames': (replaced(0, '2'), 58, 'after the last'),
    'negative body count': (replaced(1, '-1'), 2, 'body count of frame 1'),
    'huge body count': (replaced(1, '999999999'), 30, 'body header'),
    'short header': (replaced(2, '1 2 3'), 3, 'body header'),
    'header no numbers': (replaced(2, '1 2 3 4 5 x 7 8 9 0'), 3, 'header'),
    'joint count': (replaced(3, '20'), 4, 'expected 25 joints, got 20'),
    'too few values': (replaced(9, '1 2 3'), 10, 'expected 12 numbers'),
    'no joint': (replaced(9, ''), 10, 'expected 12 numbers'),
    'too many values': (replaced(9, '1 ' * 13), 10, 'expected 12 numbers'),
    'no number': (replaced(9, '1 2 x' + ' 4' * 9), 10, 'expected 12 numbers'),
    'unused no number': (replaced(9, '1 ' * 11 + 'x'), 10, '12 numbers'),
    'nan': (replaced(9, 'nan' + ' 4' * 11), 10, 'not finite'),
    'infinite': (replaced(9, '1 inf' + ' 4' * 10), 10, 'not finite'),
    'infinite in float32': (replaced(9, '1e300' + ' 4' * 11), 10, 'finite'),
    'truncated': (lambda lines: lines[:40], 40, 'truncated'),
    'truncated in a line': (lambda lines: lines[:84] + ['0.1 0'], 85, '12'),
    'no body': (lambda lines: ['2', '0', '0'], None, 'nobody'),
    'no frame': (lambda lines: ['0'], None, 'nobody'),
    'binary': (lambda lines: ['\0\x01\x7f\v\f'] * 9, 1, 'number of frames'),
}


@pytest.mark.parametrize('spoil, line, reason', BROKEN.values(), ids=BROKEN)
@pytest.mark.parametrize('newline', ['\n', '\r\n'])
def test_broken(write, good, newline, spoil, line, reason):
    path = write(spoil(good), newline)
    with pytest.raises(FormatError, match=reason) as caught:
        read_skeleton(path)
    assert caught.value.path == str(path)
    assert caught.value.line == line
    assert '\n' not in str(caught.value)


def test_error_names_file_and_line_and_travels(write, good):
    path = write(replaced(9, 'x')(good))
    with pytest.raises(FormatError) as caught:
        read_skeleton(path)
    assert str(caught.value).startswith(f'{path}:10: ')
    again = pickle.loads(pickle.dumps(caught.value))
    assert str(again) == str(caught.value)
    assert (again.path, again.line) == (str(path), 10)


def test_missing_file(tmp_path):
    with pytest.raises(FileNotFoundError):
        read_skeleton(tmp_path / f'{NAME}.skeleton')


def test_unknown_selection(write, good):
    with pytest.raises(ValueError, match='best'):
        read_skeleton(write(good), select='best')


GOOD = '\n'.join(
    clip_lines([[(np.full((25, 3), 0.5 + t), ID)] for t in range(3)])
).encode()


@fuzz(max_examples=150)
@given(data=damaged(GOOD), select=st.sampled_from(['order', 'energy']))
def test_any_damage(tmp_path, data, select):
    path = tmp_path / f'{NAME}.skeleton'
    path.write_bytes(data)
    try:
        clip = read_skeleton(path, select)
    except FormatError as error:
        assert error.path == str(path)
    else:  # the damage is within a number
        assert np.isfinite(clip['keypoint']).all()
        assert clip['keypoint'].shape[2:] == (25, 3)


@fuzz(max_examples=50)
@given(
    present=arrays(bool, array_shapes(min_dims=2, max_dims=2, max_side=6)),
    scale=st.floats(1e-3, 100),
    seed=st.integers(0, 999),
    newline=st.sampled_from(['\n', '\r\n']),
)
def test_what_the_writer_wrote(tmp_path, present, scale, seed, newline):
    """Of any number of bodies, each there in any of the frames, (M, T)."""
    present[0, 0] = True
    joints = np.random.default_rng(seed).normal(size=(*present.shape, 25, 3))
    joints *= scale
    joints[..., 2] = 1 + abs(joints[..., 2])  # in front of the camera
    path = tmp_path / f'{NAME}.skeleton'
    write_skeleton(path, joints, present, newline=newline)
    clip = read_skeleton(path)
    expected = np.zeros((2, *joints.shape[1:]))
    for t in range(present.shape[1]):
        listed = [m for m in range(len(present)) if present[m, t]]
        for slot, m in enumerate(listed[:2]):
            expected[slot, t] = joints[m, t]
    np.testing.assert_allclose(
        clip['keypoint'], expected, rtol=1e-6, atol=6e-6
    )
    assert clip['raw_frames'] == present.shape[1]
    assert clip['length'] == present.any(axis=0).sum()
