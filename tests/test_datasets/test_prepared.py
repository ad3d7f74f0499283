"""Writer and reader of the prepared folder."""

import json
from contextlib import nullcontext

import numpy as np
import pytest
from fuzz import damaged, fuzz
from hypothesis import given
from hypothesis import strategies as st

from projects.ikem.datasets import SkeletonDataset
from projects.ikem.datasets.prepared import PreparedWriter, read_annotations

CLIPS = np.random.default_rng(0).normal(size=(4, 2, 5, 25, 3)).astype('f4')


def make_writer(out_dir, **kwargs):
    settings = dict(dataset='toy', layout='ntu-25', num_classes=3)
    settings.update(max_clips=100, source=dict(format='ntu'))
    settings.update(preprocessing=[dict(type='CenterJoint')])
    return PreparedWriter(out_dir, **{**settings, **kwargs})


def write(out_dir, num_clips=4, **kwargs):
    with make_writer(out_dir, **kwargs) as writer:
        for i in range(num_clips):
            writer.append(CLIPS[i], f'clip{i}', i % 3, 10 + i)
        writer.commit(dict(train=['clip0'], val=['clip1']), dict(broken=2))
    return out_dir


def files_in(folder):
    return sorted(path.name for path in folder.iterdir())


def test_round_trip(tmp_path):
    folder = write(tmp_path / 'deep' / 'out')
    assert files_in(folder) == ['annotations.json', 'keypoint.npy']
    assert files_in(tmp_path / 'deep') == ['out']
    keypoint = np.load(folder / 'keypoint.npy', mmap_mode='r')
    assert keypoint.flags.c_contiguous
    assert keypoint.dtype == np.float32
    np.testing.assert_array_equal(keypoint, CLIPS)
    meta = read_annotations(folder)
    assert meta == dict(
        version=1,
        dataset='toy',
        layout='ntu-25',
        num_classes=3,
        preprocessing=[dict(type='CenterJoint')],
        source=dict(format='ntu'),
        keypoint=dict(shape=[4, 2, 5, 25, 3], dtype='float32'),
        annotations=[
            dict(frame_dir='clip0', label=0, total_frames=10),
            dict(frame_dir='clip1', label=1, total_frames=11),
            dict(frame_dir='clip2', label=2, total_frames=12),
            dict(frame_dir='clip3', label=0, total_frames=13),
        ],
        split=dict(train=['clip0'], val=['clip1']),
        dropped=dict(broken=2),
    )


@pytest.mark.parametrize('max_clips', [4, 10**9])
def test_the_header_fits_any_number_of_clips(tmp_path, max_clips):
    folder = write(tmp_path / 'out', max_clips=max_clips)
    np.testing.assert_array_equal(np.load(folder / 'keypoint.npy'), CLIPS)


def test_numpy_numbers_and_other_memory_orders(tmp_path):
    with make_writer(tmp_path / 'out') as writer:
        writer.append(
            np.asfortranarray(CLIPS[0], np.float64),
            'a',
            np.int64(2),
            np.int32(9),
        )
        writer.commit({})
    meta = read_annotations(tmp_path / 'out')
    assert meta['annotations'] == [
        dict(frame_dir='a', label=2, total_frames=9)
    ]
    np.testing.assert_array_equal(
        np.load(tmp_path / 'out' / 'keypoint.npy')[0], CLIPS[0]
    )


@pytest.mark.parametrize('error', [RuntimeError, KeyboardInterrupt, None])
def test_writing_without_a_commit_leaves_nothing(tmp_path, error):
    with pytest.raises(error) if error else nullcontext():
        with make_writer(tmp_path / 'out') as writer:
            writer.append(CLIPS[0], 'a', 0, 9)
            if error:
                raise error
    assert files_in(tmp_path) == []


def test_what_a_killed_run_left_is_removed(tmp_path):
    stale = tmp_path / 'out.partial'
    stale.mkdir()
    (stale / 'keypoint.npy').write_bytes(b'stale')
    (stale / 'stale').write_bytes(b'stale')
    write(tmp_path / 'out')
    assert files_in(tmp_path) == ['out']
    assert files_in(tmp_path / 'out') == ['annotations.json', 'keypoint.npy']


def test_existing_folders(tmp_path):
    out = tmp_path / 'out'
    out.mkdir()
    write(out)  # an empty folder may be there
    with pytest.raises(FileExistsError, match='--overwrite'):
        make_writer(out)
    write(out, num_clips=2, overwrite=True)
    assert len(read_annotations(out)['annotations']) == 2
    assert files_in(tmp_path) == ['out']


def test_failed_overwriting_keeps_the_old_folder(tmp_path):
    out = write(tmp_path / 'out')
    with pytest.raises(ValueError, match='no clips'):
        with make_writer(out, overwrite=True) as writer:
            writer.commit({})
    assert len(read_annotations(out)['annotations']) == 4


def test_other_folders_are_never_replaced(tmp_path):
    (tmp_path / 'thesis.tex').write_text('')
    with pytest.raises(FileExistsError, match='no prepared folder'):
        make_writer(tmp_path, overwrite=True)
    with pytest.raises(FileExistsError, match='no prepared folder'):
        make_writer(tmp_path / 'thesis.tex', overwrite=True)


@pytest.mark.parametrize(
    'clip, reason',
    [
        ((CLIPS[1], 'a', 0, 9), "'a' is given twice"),
        ((CLIPS[1], 'b', 3, 9), 'label 3 is not in 0 to 2'),
        ((CLIPS[1], 'b', -2, 9), 'label -2'),
        ((CLIPS[1], 'b', 0, 0), 'total_frames 0'),
        ((CLIPS[1, :1], 'b', 0, 9), r'shape \(1, 5, 25, 3\)'),
    ],
)
def test_a_refused_clip_leaves_no_trace(tmp_path, clip, reason):
    with make_writer(tmp_path / 'out') as writer:
        writer.append(CLIPS[0], 'a', 0, 9)
        with pytest.raises(ValueError, match=reason):
            writer.append(*clip)
        writer.append(CLIPS[2], 'c', 0, 9)
        writer.commit({})
    read_annotations(tmp_path / 'out')
    np.testing.assert_array_equal(
        np.load(tmp_path / 'out' / 'keypoint.npy'), CLIPS[[0, 2]]
    )


def test_more_clips_than_announced(tmp_path):
    with pytest.raises(ValueError, match='max_clips=1'):
        write(tmp_path / 'out', max_clips=1)


def test_split_of_unknown_clips(tmp_path):
    with make_writer(tmp_path / 'out') as writer:
        writer.append(CLIPS[0], 'a', 0, 9)
        with pytest.raises(ValueError, match="'train' names 1 .*'b'"):
            writer.commit(dict(train=['a', 'b']))
    assert files_in(tmp_path) == []


def test_missing_files(tmp_path):
    with pytest.raises(FileNotFoundError, match='out.*prepare_'):
        read_annotations(tmp_path / 'out')
    folder = write(tmp_path / 'out')
    (folder / 'keypoint.npy').unlink()
    with pytest.raises(FileNotFoundError, match='keypoint.npy.*prepare_'):
        read_annotations(folder)
    (folder / 'annotations.json').unlink()
    with pytest.raises(FileNotFoundError, match='annotations.json'):
        read_annotations(folder)


def entry(**fields):
    return [dict(dict(frame_dir='clip0', label=0, total_frames=9), **fields)]


@pytest.mark.parametrize(
    'fields, reason',
    [
        (dict(version=2), "'version' is 2"),
        (dict(version=None), "'version' .* missing"),
        (dict(layout=3), "'layout'"),
        (dict(dataset=None), "'dataset'"),
        (dict(split=[]), "'split'"),
        (dict(split=dict(train=['x'])), "split 'train' names 1 .*'x'"),
        (dict(split=dict(train=[[]])), "split 'train' names 1"),
        (dict(split=dict(train='x')), "split 'train' is no list"),
        (dict(annotations=[3]), "entry of 'annotations' lacks"),
        (dict(annotations=[{}]), "entry of 'annotations' lacks"),
        (dict(annotations=entry() * 2), "'clip0' is given twice"),
        (dict(annotations=entry(frame_dir=[])), 'no string'),
        (dict(annotations=entry(label=3)), 'label 3 is not in 0 to 2'),
        (dict(annotations=entry(label='0')), "label '0'"),
        (dict(annotations=entry(total_frames=0)), 'total_frames 0'),
        (dict(annotations=entry(total_frames=1.5)), 'total_frames 1.5'),
        (dict(annotations=entry(), split={}), r'num = 1 annotations'),
        (dict(keypoint={}), "'keypoint' says"),
        (dict(keypoint=dict(shape=[3, 2, 5, 25, 3])), r'\[3, 2, 5, 25, 3\]'),
    ],
)
def test_damaged_annotations(tmp_path, fields, reason):
    folder = write(tmp_path / 'out')
    path = folder / 'annotations.json'
    path.write_text(json.dumps(dict(json.loads(path.read_text()), **fields)))
    with pytest.raises(ValueError, match=reason) as caught:
        read_annotations(folder)
    assert str(folder) in str(caught.value)
    assert 'prepare_' in str(caught.value)


@pytest.mark.parametrize('name', ['annotations.json', 'keypoint.npy'])
@pytest.mark.parametrize(
    'change',
    [
        lambda data: b'',
        lambda data: data[:-1],
        lambda data: b'\0' * 300,
        lambda data: b'[]',
    ],
    ids=['empty', 'truncated', 'binary', 'other'],
)
def test_damaged_files(tmp_path, name, change):
    folder = write(tmp_path / 'out')
    path = folder / name
    path.write_bytes(change(path.read_bytes()))
    with pytest.raises(ValueError, match='no sound prepared folder'):
        read_annotations(folder)


@pytest.mark.parametrize(
    'array, reason',
    [
        (CLIPS.astype(np.float64), 'float64'),
        (CLIPS[:, :, :0], 'none of them 0'),
    ],
)
def test_arrays_of_another_form(tmp_path, array, reason):
    folder = write(tmp_path / 'out')
    np.save(folder / 'keypoint.npy', array)
    path = folder / 'annotations.json'
    meta = json.loads(path.read_text())
    meta['keypoint']['shape'] = array.shape
    path.write_text(json.dumps(meta))
    with pytest.raises(ValueError, match=reason):
        read_annotations(folder)


@pytest.mark.parametrize('name', ['annotations.json', 'keypoint.npy'])
def test_any_damage(tmp_path, name):
    folder = write(tmp_path / 'out', num_clips=2)
    path = folder / name

    @fuzz(max_examples=150)
    @given(damaged(path.read_bytes()[:2000]))
    def check(data):
        path.write_bytes(data)
        try:
            read_annotations(folder)
        except ValueError as error:
            assert str(folder) in str(error)

    check()


@fuzz(max_examples=30)
@given(
    clips=st.dictionaries(
        st.text(max_size=6),
        st.tuples(st.integers(0, 4), st.integers(1, 999)),
        min_size=1,
        max_size=5,
    ),
    shape=st.tuples(*[st.integers(1, 4)] * 4),
    data=st.data(),
)
def test_the_dataset_reads_what_was_written(tmp_path, clips, shape, data):
    keypoint = np.random.default_rng(0).normal(size=(len(clips), *shape))
    keypoint = keypoint.astype(np.float32)
    members = data.draw(st.sets(st.sampled_from(sorted(clips)), min_size=1))
    out = tmp_path / 'out'
    with make_writer(out, num_classes=5, overwrite=True) as writer:
        for row, (name, numbers) in zip(keypoint, clips.items()):
            writer.append(row, name, *numbers)
        writer.commit(dict(some=sorted(members)))
    dataset = SkeletonDataset(str(out), split='some', serialize_data=False)
    read = [dataset.get_data_info(i) for i in range(len(dataset))]
    expected = [
        (row, name, label, raw_frames)
        for row, (name, (label, raw_frames)) in zip(keypoint, clips.items())
        if name in members
    ]
    assert len(read) == len(expected)
    for info, (row, name, label, raw_frames) in zip(read, expected):
        np.testing.assert_array_equal(info['keypoint'], row)
        assert (info['frame_dir'], info['label']) == (name, label)
        assert info['raw_frames'] == raw_frames
        assert info['time_scale'] == raw_frames / shape[1]
