"""Reader of NW-UCLA json files, on good and broken files."""

import json

import numpy as np
import pytest
from fuzz import damaged, fuzz
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from projects.ikem.datasets.formats import FormatError, read_nwucla
from projects.ikem.datasets.formats.nwucla import parse_name
from projects.ikem.datasets.sources import nwucla_source

NAME = 'a08_s01_e03_v02'
JOINTS = np.random.default_rng(0).normal(size=(4, 20, 3))
NAN, OVERFLOW = JOINTS.copy(), JOINTS.copy()
NAN[2, 3, 1] = np.nan
OVERFLOW[2, 3, 1] = 1e300


def write(folder, name=NAME, **fields):
    clip = dict(file_name=name, skeletons=JOINTS.tolist(), label=7)
    clip.update(fields)
    path = folder / f'{name}.json'
    path.write_text(json.dumps(clip))
    return path


def test_values(tmp_path):
    clip = read_nwucla(write(tmp_path))
    assert clip['frame_dir'] == NAME
    assert clip['label'] == 6  # a07 does not exist
    assert clip['raw_frames'] == clip['length'] == 4
    assert clip['keypoint'].dtype == np.float32
    np.testing.assert_allclose(clip['keypoint'], JOINTS[None], rtol=1e-6)


def test_a_single_frame(tmp_path):
    clip = read_nwucla(write(tmp_path, skeletons=JOINTS[:1].tolist()))
    assert clip['keypoint'].shape == (1, 1, 20, 3)


def test_parse_name():
    assert parse_name('x/a12_s10_e00_v03.json') == dict(
        action=12, subject=10, episode=0, camera=3
    )


@pytest.mark.parametrize('name', ['a07_s01_e00_v01', 'a1_s01_e00_v01', ''])
def test_parse_name_refuses(name):
    with pytest.raises(FormatError, match='aAA_sSS_eEE_vVV'):
        parse_name(name)


@pytest.mark.parametrize(
    'fields, reason',
    [
        (dict(file_name='a08_s01_e03_v01'), 'file_name'),
        (dict(file_name=None), 'file_name'),
        (dict(label=6), 'label'),
        (dict(label='7'), 'label'),
        (dict(label=None), 'label'),
        (dict(skeletons=None), 'missing'),
        (dict(skeletons='x'), 'missing'),
        (dict(skeletons=[]), 'shape'),
        (dict(skeletons=JOINTS[:, :19].tolist()), r'shape \(4, 19, 3\)'),
        (dict(skeletons=JOINTS[..., :2].tolist()), 'shape'),
        (dict(skeletons=[[[1, 2, 3]] * 20, [[1, 2, 3]] * 19]), 'shape'),
        (dict(skeletons=[[['1', '2', '3']] * 20]), 'more than numbers'),
        (dict(skeletons=[[[True, True, True]] * 20]), 'more than numbers'),
        (dict(skeletons=[[[10**400, 1, 1]] * 20]), 'finite'),
        (dict(skeletons=NAN.tolist()), 'frame 3 is not finite'),
        (dict(skeletons=OVERFLOW.tolist()), 'frame 3 is not finite'),
    ],
)
def test_broken_fields(tmp_path, fields, reason):
    path = write(tmp_path, **fields)
    with pytest.raises(FormatError, match=reason) as caught:
        read_nwucla(path)
    assert caught.value.path == str(path)


@pytest.mark.parametrize(
    'data, line',
    [
        (b'', 1),
        (b'{"label": 1,\n "skel', 2),
        (b'\xff\xfe\x00', None),
        (b'[' * 100000, None),
        (b'[1, 2]', None),
        (b'\x00\x01\x02', 1),
    ],
)
def test_broken_json(tmp_path, data, line):
    path = tmp_path / f'{NAME}.json'
    path.write_bytes(data)
    with pytest.raises(FormatError, match='json') as caught:
        read_nwucla(path)
    assert caught.value.line == line


def test_missing_file(tmp_path):
    with pytest.raises(FileNotFoundError):
        read_nwucla(tmp_path / f'{NAME}.json')


@fuzz(max_examples=60)
@given(
    st.recursive(
        st.none() | st.floats() | st.text(max_size=3),
        lambda inner: st.lists(inner, max_size=3),
        max_leaves=9,
    )
)
def test_any_content(tmp_path, skeletons):
    with pytest.raises(FormatError):
        read_nwucla(write(tmp_path, skeletons=skeletons))


def test_one_long_text_does_not_make_all_entries_as_long(tmp_path):
    frames = np.full((100, 20, 3), 'x', object)
    frames[0, 0, 0] = 'x' * 10**7  # 240 GB if all were as long
    path = write(tmp_path, skeletons=frames.tolist())
    with pytest.raises(FormatError, match='more than numbers'):
        read_nwucla(path)


@fuzz(max_examples=150)
@given(
    damaged(
        json.dumps(
            dict(file_name=NAME, skeletons=JOINTS[:1].tolist(), label=7)
        ).encode()
    )
)
def test_any_damage(tmp_path, data):
    path = tmp_path / f'{NAME}.json'
    path.write_bytes(data)
    try:
        clip = read_nwucla(path)
    except FormatError as error:
        assert error.path == str(path)
    else:  # the damage is within a number
        assert np.isfinite(clip['keypoint']).all()
        assert clip['keypoint'].shape[2:] == (20, 3)


@fuzz(max_examples=30)
@given(
    st.integers(1, 9).flatmap(
        lambda t: arrays(
            np.float32, (t, 20, 3), elements=st.floats(-99, 99, width=32)
        )
    )
)
def test_what_json_wrote(tmp_path, joints):
    clip = read_nwucla(write(tmp_path, skeletons=joints.tolist()))
    np.testing.assert_array_equal(clip['keypoint'][0], joints)
    assert clip['raw_frames'] == clip['length'] == len(joints)


def write_text(folder, name, view, joints, header=False):
    clip = folder / f'view_{view}' / name
    clip.mkdir(parents=True)
    for i, frame in enumerate(joints):
        rows = [','.join(map(str, (*joint, 1))) for joint in frame]
        text = '\n'.join(['1'] * header + rows)
        (clip / f'frame_{i}_tc_{i * 33}_skeletons.txt').write_text(text)
    (clip / 'fileList.txt').write_text('0 0\n')


@pytest.mark.parametrize('header', [False, True])
def test_text_files_of_the_authors(tmp_path, header):
    joints = np.random.default_rng(0).normal(size=(12, 20, 3)).round(4)
    joints[2] = 0
    write_text(tmp_path, 'a02_s01_e03', 3, joints, header)
    write_text(tmp_path, 'a02_s01_e03', 1, joints[:5], header)
    source = nwucla_source(tmp_path)
    first, clip = map(source.read, source.jobs)
    assert (first['frame_dir'], clip['frame_dir']) == (
        'a02_s01_e03_v01',
        'a02_s01_e03_v03',
    )
    assert (clip['label'], clip['raw_frames'], clip['length']) == (1, 12, 11)
    seen = np.delete(joints, 2, axis=0)
    np.testing.assert_allclose(clip['keypoint'][0], seen, rtol=1e-6)
    path = source.jobs[1][1][4]
    for text in ('1,2,3\n', 'a,b,c\n' * 20, 'nan,1,2\n' * 20):
        path.write_text(text)
        with pytest.raises(FormatError, match=path.name):
            source.read(source.jobs[1])
