"""Own data: joints that are not what a layout says, files of any kind."""

import io
import json
import pickle
import time

import numpy as np
import pytest
from fuzz import damaged, fuzz
from hypothesis import given
from hypothesis import strategies as st

from projects.ikem.datasets import SkeletonDataset
from projects.ikem.datasets.formats import FormatError, restricted_pickle
from projects.ikem.datasets.formats.bodies import select_persons
from projects.ikem.datasets.formats.padding import num_frames_of
from projects.ikem.datasets.formats.single import read_array
from projects.ikem.datasets.posture import check_upright, doubts, measure
from projects.ikem.datasets.prepare import prepare
from projects.ikem.datasets.prepared import read_annotations
from projects.ikem.datasets.sources import (
    crossclr_source,
    kinect_source,
    npz_source,
    pkummd_source,
    pose_pickle_source,
)
from projects.ikem.datasets.transforms import WorldFrame
from projects.ikem.skeletons import get_layout, read_layout

LAYOUT = get_layout('ntu-25')
# A person of 1.7 m from the front: x to the left, y upwards, metres.
# fmt: off
BODY = np.array([
    (0, 0.9), (0, 1.15), (0, 1.5), (0, 1.65), (0.18, 1.38), (0.22, 1.1),
    (0.24, 0.85), (0.25, 0.78), (-0.18, 1.38), (-0.22, 1.1), (-0.24, 0.85),
    (-0.25, 0.78), (0.09, 0.88), (0.1, 0.48), (0.1, 0.1), (0.12, 0.03),
    (-0.09, 0.88), (-0.1, 0.48), (-0.1, 0.1), (-0.12, 0.03), (0, 1.4),
    (0.26, 0.7), (0.22, 0.76), (-0.26, 0.7), (-0.22, 0.76),
])
# fmt: on


def person(num_frames=12, seed=0, amplitude=0.05):
    """A person who fidgets and turns, (1, T, V, 3)."""
    rng = np.random.default_rng(seed)
    x = np.pad(BODY, [(0, 0), (0, 1)])[None].repeat(num_frames, 0)
    phase = np.linspace(0, 6, num_frames)[:, None, None]
    x = x + amplitude * np.sin(phase + rng.uniform(0, 6, (25, 3)))
    turn = np.linspace(0, 2, num_frames) + rng.uniform(0, 6)
    c, s, z = np.cos(turn), np.sin(turn), np.zeros(num_frames)
    R = np.array([(c, z, s), (z, z + 1, z), (-s, z, c)]).transpose(2, 1, 0)
    return (x @ R + rng.normal(size=3) * (1, 0, 1))[None].astype(np.float32)


def postures(change=lambda x: x):
    return [measure(change(person(seed=i)), LAYOUT) for i in range(8)]


def dump(path, clips, labels=None, **split):
    annotations = [
        dict(
            frame_dir=f'clip{i}',
            label=i % 3 if labels is None else labels[i],
            keypoint=x,
            subject=i % 4,
        )
        for i, x in enumerate(clips)
    ]
    path.write_bytes(pickle.dumps(dict(annotations=annotations, split=split)))
    return path


def load(folder):
    return read_annotations(folder), np.load(folder / 'keypoint.npy')


# ------------------------------------------------------------------ posture


@pytest.mark.parametrize(
    'change',
    [
        lambda x: x,
        lambda x: x + np.random.default_rng(0).normal(size=x.shape) * 0.034,
        lambda x: x * 1.15,
    ],
)
def test_people_as_they_are_raise_no_doubt(change):
    check_upright(postures(change), 'x')
    assert not doubts(postures(change), LAYOUT)


@pytest.mark.parametrize(
    'up, axes, signs',
    [
        ('z', [0, 2, 1], (1, -1, 1)),
        ('-z', [0, 2, 1], (1, 1, -1)),
        ('x', [1, 0, 2], (1, -1, 1)),
        ('-y', [0, 1, 2], (1, -1, -1)),
    ],
)
def test_another_axis_upwards(up, axes, signs):
    def turn(x):
        return x[..., axes] * np.float32(signs)

    with pytest.raises(FormatError, match=f'--up={up} '):
        check_upright(postures(turn), 'x')
    back = WorldFrame(up)
    check_upright(
        postures(lambda x: back(dict(keypoint=turn(x)))['keypoint']), 'x'
    )


@pytest.mark.parametrize('up', ['x', '-x', 'y', '-y', 'z', '-z'])
def test_the_frame_is_turned_not_mirrored(up):
    x = np.eye(3, dtype=np.float32)[None, None]  # joints at x, y and z
    y = WorldFrame(up, scale=0.5)(dict(keypoint=x))['keypoint'][0, 0]
    axis = 'xyz'.index(up[-1])
    np.testing.assert_array_equal(
        y[axis], (0, -0.5 if up[0] == '-' else 0.5, 0)
    )
    assert np.linalg.det(2 * y) == pytest.approx(1)


def test_people_who_lie():
    with pytest.raises(FormatError, match='--up=y'):
        check_upright(postures(lambda x: x[..., [1, 0, 2]]), 'x')


def test_joints_without_a_direction_are_not_judged():
    rng = np.random.default_rng(0)
    clips = [rng.normal(size=(1, 20, 25, 3)) for _ in range(8)]
    check_upright([measure(x, LAYOUT) for x in clips], 'x')


@pytest.mark.parametrize(
    'order',
    [
        np.random.default_rng(0).permutation(25),
        [
            *range(4),
            *range(12, 16),
            *range(8, 12),
            *range(4, 8),
            *range(16, 25),
        ],
        [20, 2, 1, 0, *range(4, 20), 3, *range(21, 25)],
    ],
)
def test_joints_in_another_order(order):
    line, *_ = doubts(postures(lambda x: x[:, :, order]), LAYOUT)
    assert 'order' in line


@pytest.mark.parametrize('scale', [1000, 0.01])
def test_other_units(scale):
    (line,) = doubts(postures(lambda x: x * scale), LAYOUT)
    assert '--scale' in line


def test_flat_clips():
    lines = doubts(postures(lambda x: x * np.float32((1, 1, 0))), LAYOUT)
    assert any('8 of 8 clips are flat' in line for line in lines)


def test_a_clip_of_equal_joints_is_not_measured():
    assert measure(np.ones((1, 4, 25, 3)), LAYOUT) is None


# ------------------------------------------------------------- pose pickles


def test_an_axis_upwards_is_part_of_the_preprocessing(tmp_path):
    clips = [person(seed=i) for i in range(6)]
    turned = [1000 * x[..., [2, 0, 1]] for x in clips]  # y is z now
    for name, x, options in (
        ('y', clips, {}),
        ('z', turned, dict(up='z', scale=0.001)),
    ):
        path = dump(tmp_path / f'{name}.pkl', x, train=['clip0'])
        source = pose_pickle_source(path, **options)
        prepare(source, tmp_path / name)
    (_, y), (meta, z) = load(tmp_path / 'y'), load(tmp_path / 'z')
    np.testing.assert_allclose(z, y, atol=1e-5)
    assert meta['preprocessing'][0]['type'] == 'WorldFrame'
    with pytest.raises(FormatError, match='--up=z'):
        prepare(pose_pickle_source(tmp_path / 'z.pkl'), tmp_path / 'w')
    assert not (tmp_path / 'w').exists()


def test_unlabelled_clips_are_clips(tmp_path):
    labels = ['sit', None, 'bow', 'sit', None, 'bow']
    path = dump(
        tmp_path / 'poses.pkl',
        [person(seed=i) for i in range(6)],
        labels,
        train=[f'clip{i}' for i in range(6)],
    )
    folder = tmp_path / 'out'
    summary = prepare(pose_pickle_source(path), folder)
    assert '2 are unlabelled' in summary
    meta, x = load(folder)
    assert [a['label'] for a in meta['annotations']] == [1, -1, 0, 1, -1, 0]
    assert meta['classes'] == ['bow', 'sit'] and len(x) == 6
    assert [a['fields'] for a in meta['annotations']][5] == dict(subject=1)
    assert set(meta['split']['train_10pct']) <= {
        f'clip{i}' for i in (0, 2, 3, 5)
    }
    every = SkeletonDataset(str(folder), split='train', unlabelled=True)
    labelled = SkeletonDataset(str(folder), split='train')
    assert (len(every), len(labelled)) == (6, 4)
    assert labelled.metainfo['classes'] == ['bow', 'sit']


def test_a_split_without_labels(tmp_path):
    path = dump(tmp_path / 'p.pkl', [person()], [None], train=['clip0'])
    prepare(pose_pickle_source(path), tmp_path / 'out')
    assert len(SkeletonDataset(str(tmp_path / 'out'), unlabelled=True)) == 1
    with pytest.raises(ValueError, match='label'):
        SkeletonDataset(str(tmp_path / 'out'), split='train')


@pytest.mark.parametrize(
    'options, held_out',
    [
        (dict(split_by='subject', val_values=['1', '3']), {1, 3}),
        (dict(split_by='subject', val_fraction=0.3), None),
        (dict(val_fraction=0.3), None),
    ],
)
def test_splits_of_ones_own(tmp_path, options, held_out):
    path = dump(tmp_path / 'p.pkl', [person(seed=i) for i in range(24)])
    prepare(pose_pickle_source(path, **options), tmp_path / 'out')
    meta, _ = load(tmp_path / 'out')
    train, val = (set(meta['split'][part]) for part in ('train', 'val'))
    assert not train & val and len(train | val) == 24
    subjects = {
        part: {
            a['fields']['subject']
            for a in meta['annotations']
            if a['frame_dir'] in names
        }
        for part, names in (('train', train), ('val', val))
    }
    if 'split_by' in options:
        assert not subjects['train'] & subjects['val']
        assert subjects['val'] == (held_out or subjects['val'])
    assert 6 <= len(val) <= 12


@pytest.mark.parametrize(
    'options',
    [
        dict(split_by='camera'),
        dict(split_by='subject', val_values=['9']),
        dict(split_by='subject', val_values=['0', '1', '2', '3']),
        dict(val_values=['1']),
    ],
)
def test_splits_that_cannot_be(tmp_path, options):
    path = dump(tmp_path / 'p.pkl', [person(seed=i) for i in range(8)])
    with pytest.raises(ValueError):
        pose_pickle_source(path, **options)


def test_faults_of_a_kind_are_one_line(tmp_path, capsys):
    clips = [person(seed=i) for i in range(9)]
    for i in range(2, 9):
        clips[i][0, i, i] = np.nan
    clips[1][:] = 0
    path = dump(tmp_path / 'p.pkl', clips)
    summary = prepare(pose_pickle_source(path), tmp_path / 'out')
    errors = capsys.readouterr().err.splitlines()
    skipped = [line for line in errors if line.startswith('skipped')]
    assert len(skipped) == 2
    assert any('clip2' in s and '6 more' in s for s in skipped)
    assert 'broken: 8' in summary
    prepare(pose_pickle_source(path, interpolate=True), tmp_path / 'filled')
    assert len(load(tmp_path / 'filled')[1]) == 8


def test_layouts_from_a_file(tmp_path):
    path = tmp_path / 'stick.json'
    tables = dict(name='stick', parents=[0, 0, 1], center=0, shoulders=[1, 2])
    path.write_text(json.dumps(tables))
    assert get_layout(read_layout(str(path))).num_joints == 3
    assert read_layout('kinect-20') == 'kinect-20'
    for text in ('{', '[]', '{"name": "x"}', '[' * 10**5):
        path.write_text(text)
        with pytest.raises(ValueError, match='stick.json'):
            read_layout(str(path))
    with pytest.raises(ValueError, match='azure'):
        read_layout('azure')


# ------------------------------------------------------------------- arrays


def padded(clips, num_frames, repeat=False):
    """Clips in ST-GCN's order (N, C, T, V, M), two persons."""
    x = np.zeros((len(clips), 3, num_frames, 25, 2), np.float32)
    for row, clip in zip(x, clips):
        num = clip.shape[1]
        frames = np.arange(num_frames) % num if repeat else np.arange(num)
        row[:, : len(frames), :, 0] = clip[0, frames].transpose(2, 0, 1)
    return x


@pytest.mark.parametrize('repeat', [False, True])
def test_the_end_of_a_padded_clip(repeat):
    clip = person(13)
    x = padded([clip], 60, repeat)[0].transpose(3, 1, 2, 0)
    assert num_frames_of(x) == 13
    assert num_frames_of(clip) == 13
    assert num_frames_of(0 * clip) == 0


def expected(tmp_path, clips):
    path = dump(tmp_path / 'expected.pkl', clips)
    prepare(pose_pickle_source(path), tmp_path / 'expected')
    return load(tmp_path / 'expected')[1][:, 0]


@pytest.mark.parametrize('repeat', [False, True])
def test_arrays_of_gendata_are_prepared(tmp_path, repeat):
    clips = [person(9 + i, seed=i) for i in range(4)]
    for part, half in (('train', clips[:2]), ('val', clips[2:])):
        x = padded(half, 60, repeat)
        np.save(tmp_path / f'{part}_data_joint.npy', x)
        label = [f'{part}{i}' for i in range(2)], [0, 1]
        (tmp_path / f'{part}_label.pkl').write_bytes(pickle.dumps(label))
    source = crossclr_source(tmp_path, 'xsub', 'ntu60')
    summary = prepare(source, tmp_path / 'out')
    assert 'note' in summary
    meta, x = load(tmp_path / 'out')
    np.testing.assert_allclose(x[:, 0], expected(tmp_path, clips), atol=1e-5)
    assert [a['total_frames'] for a in meta['annotations']] == [9, 10, 11, 12]


def test_arrays_of_one_person_that_are_prepared_stay(tmp_path):
    x = padded([person(50, seed=i) for i in range(2)], 50)[..., :1]
    x -= x[:, :, :, 20:21]
    for part in ('train', 'val'):
        np.save(tmp_path / f'{part}_position.npy', x)
        label = [f'{part}{i}' for i in range(2)], [0, 1], [70, 80]
        (tmp_path / f'{part}_label.pkl').write_bytes(pickle.dumps(label))
    prepare(crossclr_source(tmp_path, 'xsub', 'ntu60'), tmp_path / 'out')
    meta, kept = load(tmp_path / 'out')
    np.testing.assert_array_equal(kept[:2, :1], x.transpose(0, 4, 2, 3, 1))
    assert not kept[:, 1].any() and not meta['preprocessing']


@pytest.mark.parametrize('save', [np.savez, np.savez_compressed])
def test_npz_of_ctr_gcn(tmp_path, save):
    clips = [person(9 + i, seed=i) for i in range(5)]
    x = padded(clips, 40).transpose(0, 2, 4, 3, 1).reshape(5, 40, 150)
    path = tmp_path / 'NTU60_CS.npz'
    y = np.eye(60)[[3, 4, 5, 3, 59]]
    save(path, x_train=x[:3], y_train=y[:3], x_test=x[3:], y_test=y[3:])
    prepare(npz_source(path), tmp_path / 'out')
    meta, prepared = load(tmp_path / 'out')
    np.testing.assert_allclose(
        prepared[:, 0], expected(tmp_path, clips), atol=1e-5
    )
    assert [a['label'] for a in meta['annotations']] == [3, 4, 5, 3, 59]
    assert len(meta['split']['xsub_train']) == 3
    assert len(meta['split']['xsub_val']) == 2
    assert meta['num_classes'] == 60


def npz(tmp_path, **arrays):
    path = tmp_path / 'x.npz'
    np.savez(path, **arrays)
    return path


@pytest.mark.parametrize(
    'change',
    [
        dict(x_train=np.zeros((2, 9, 151))),
        dict(y_train=np.zeros((3, 60))),
        dict(x_train=np.array([None, None])),
        dict(x_train=np.zeros((2, 9, 150))),
    ],
)
def test_other_npz(tmp_path, change):
    x, y = np.ones((2, 9, 150)), np.eye(60)[:2]
    arrays = dict(x_train=x, y_train=y, x_test=x[:0], y_test=y[:0])
    path = npz(tmp_path, **{**arrays, **change})
    with pytest.raises(FormatError, match='x.npz'):
        prepare(npz_source(path), tmp_path / 'out', strict=True)
    with pytest.raises(FormatError, match='x_train'):
        npz_source(npz(tmp_path, y_train=y))


def test_a_small_file_that_claims_to_be_large(tmp_path):
    x, y = np.ones((2, 9, 150)), np.eye(60)[:2]
    for save in (np.savez, np.savez_compressed):
        path = tmp_path / f'{save.__name__}.npz'
        save(path, x_train=x, y_train=y, x_test=x, y_test=y)
        if save is np.savez:
            data = path.read_bytes()
            claim = b'(2, 9, 150)'
            assert claim in data
            path.write_bytes(data.replace(claim, b'(2, 9, 9**9'[:11]))
            with pytest.raises(FormatError, match='savez.npz'):
                npz_source(path)


# --------------------------------------------------- recordings of a Kinect


def skeleton_text(clip):
    lines = [str(clip.shape[1])]
    for frame in clip[0]:
        lines += ['1', '72 0 1 1 1 1 0 0.02 -0.25 2', '25']
        lines += [
            ' '.join(f'{v:.7f}' for v in joint) + ' 0 0 0 0 0 0 0 0 2'
            for joint in frame
        ]
    return '\n'.join(lines)


@pytest.fixture
def recordings(tmp_path):
    clips = {}
    for i, name in enumerate(('sit/a', 'sit/b', 'bow/a', 'bow/c')):
        path = tmp_path / 'raw' / f'{name}.skeleton'
        path.parent.mkdir(parents=True, exist_ok=True)
        clips[name] = person(9 + i, seed=i)
        path.write_text(skeleton_text(clips[name]))
    litter = tmp_path / 'raw/__MACOSX/._a.skeleton'
    litter.parent.mkdir()
    litter.write_bytes(b'\x00\x05\x16\x07')
    return tmp_path / 'raw'


def labels_of(folder):
    meta, _ = load(folder)
    return {a['frame_dir']: a['label'] for a in meta['annotations']}


def test_recordings_of_any_name(recordings, tmp_path):
    prepare(kinect_source(recordings), tmp_path / 'none')
    assert set(labels_of(tmp_path / 'none').values()) == {-1}
    prepare(kinect_source(recordings, 'folders'), tmp_path / 'folders')
    meta, _ = load(tmp_path / 'folders')
    assert meta['classes'] == ['bow', 'sit']
    assert labels_of(tmp_path / 'folders') == {
        'sit/a': 1,
        'sit/b': 1,
        'bow/a': 0,
        'bow/c': 0,
    }


def test_labels_in_a_csv(recordings, tmp_path):
    csv = tmp_path / 'labels.csv'
    csv.write_text(
        '\ufeffname,label,subject\nsit/a.skeleton,jump,ann\nb,run,bob\n'
        'c,jump,ann\n'
    )
    source = kinect_source(recordings, str(csv), split_by=None)
    prepare(source, tmp_path / 'out')
    meta, _ = load(tmp_path / 'out')
    assert meta['classes'] == ['jump', 'run']
    assert labels_of(tmp_path / 'out') == {
        'sit/a': 0,
        'sit/b': 1,
        'bow/a': -1,
        'bow/c': 0,
    }
    fields = {a['frame_dir']: a.get('fields') for a in meta['annotations']}
    assert fields['sit/a'] == dict(subject='ann') and not fields['bow/a']
    for text in ('label,subject\n', 'name,label\na,x\n', 'name,label\nz,x\n'):
        csv.write_text(text)
        with pytest.raises(FormatError, match='labels.csv'):
            kinect_source(recordings, str(csv))


@pytest.mark.parametrize('texts', [False, True])
def test_labels_in_a_csv_replace_those_of_a_pickle(tmp_path, texts):
    clips = [person(seed=i) for i in range(4)]
    before = ['sit', 'bow', 'sit', None] if texts else [0, 1, 0, None]
    path = dump(tmp_path / 'p.pkl', clips, before)
    csv = tmp_path / 'labels.csv'
    names = ('jump', 'sit') if texts else (2, 0)
    csv.write_text(
        f'name,label,subject\nclip0,{names[0]},ann\nclip1,,\n'
        f'clip3,{names[1]},\n'
    )
    prepare(pose_pickle_source(path, labels=str(csv)), tmp_path / 'out')
    meta, _ = load(tmp_path / 'out')
    expected = [0, -1, 1, 1] if texts else [2, -1, 0, 0]
    assert list(labels_of(tmp_path / 'out').values()) == expected
    assert meta.get('classes') == (['jump', 'sit'] if texts else None)
    subjects = [a['fields']['subject'] for a in meta['annotations']]
    assert subjects == ['ann', 1, 2, 3]
    csv.write_text('name,label\nclip9,jump\n')
    with pytest.raises(FormatError, match='labels.csv:2'):
        pose_pickle_source(path, labels=str(csv))


@pytest.mark.parametrize('encoding', ['utf-8-sig', 'utf-16'])
def test_texts_that_an_editor_saved_again(tmp_path, encoding):
    clip = person()
    (tmp_path / 'a.skeleton').write_bytes(
        skeleton_text(clip).replace('\n', '\r\n').encode(encoding)
    )
    prepare(kinect_source(tmp_path), tmp_path / 'out')
    np.testing.assert_allclose(
        load(tmp_path / 'out')[1][:, 0], expected(tmp_path, [clip]), atol=1e-5
    )


# ------------------------------------------------------------------ PKU-MMD


def test_pku_mmd(tmp_path):
    for folder in ('skeletons', 'labels'):
        (tmp_path / folder).mkdir()
    clips = []
    for i, video in enumerate(('0002-L', '0003-M')):
        clip = person(30, seed=i)
        rows = np.zeros((30, 150))
        rows[:, :75] = clip[0].reshape(30, 75)
        np.savetxt(tmp_path / f'skeletons/{video}.txt', rows, '%.6f')
        (tmp_path / f'labels/{video}.txt').write_text('3,2,12,2\n51,15,30,1\n')
        clips += [clip[:, 2:12], clip[:, 15:30]]
    listed = tmp_path / 'cross-subject.txt'
    listed.write_text(
        'Training videos:\n0002-L, 0002-M,\nValidataion videos:\n0003-M\n'
    )
    folders = tmp_path / 'skeletons', tmp_path / 'labels'
    source = pkummd_source(*folders, dict(xsub=listed))
    prepare(source, tmp_path / 'out')
    meta, x = load(tmp_path / 'out')
    np.testing.assert_allclose(x[:, 0], expected(tmp_path, clips), atol=1e-4)
    assert [a['label'] for a in meta['annotations']] == [2, 50, 2, 50]
    assert meta['split']['xsub_val'] == [
        '0003-M_00002_00012',
        '0003-M_00015_00030',
    ]
    listed.write_text('0002-L')
    with pytest.raises(FormatError, match='cross-subject'):
        pkummd_source(*folders[:1], tmp_path / 'labels', dict(xsub=listed))
    (tmp_path / 'labels/0002-L.txt').write_text('3,12,2,1\n')
    with pytest.raises(FormatError, match='0002-L.txt'):
        pkummd_source(*folders, dict(xsub=listed))


# ------------------------------------------------- what a stranger came with


def shuffled(x):
    """Joints in another order in each frame."""
    rng = np.random.default_rng(0)
    return np.stack([f[rng.permutation(25)] for f in x[0]])[None]


def test_joints_whose_bones_change_over_time():
    lines = doubts(postures(shuffled), LAYOUT)
    assert any('order' in line and 'over time' in line for line in lines)


def test_some_clips_of_another_kind_are_counted():
    some = [person(seed=i) for i in range(8)]
    some[0], some[1] = some[0][..., [1, 0, 2]], 1000 * some[1]
    lines = doubts([measure(x, LAYOUT) for x in some], LAYOUT)
    assert any('in 1 of 8 clips people are not upright' in s for s in lines)
    assert any('in 1 of 8' in s and 'ten times' in s for s in lines)


@pytest.mark.parametrize('up', ['z', '-y'])
def test_a_wrong_axis_is_refused_as_well(tmp_path, up):
    path = dump(tmp_path / 'p.pkl', [person(seed=i) for i in range(4)])
    with pytest.raises(FormatError, match='upright|--up='):
        prepare(pose_pickle_source(path, up=up), tmp_path / 'out')
    lying = [person(seed=i)[..., [1, 0, 2]] for i in range(4)]
    path = dump(tmp_path / 'lying.pkl', lying)
    prepare(pose_pickle_source(path, up='y'), tmp_path / 'lying')


def test_a_ghost_of_two_frames_moves_less_than_a_person():
    moving = person(60, amplitude=0.2)
    ghost = np.zeros_like(moving)
    ghost[0, [3, 40]] = moving[0, [3, 40]] + np.float32([[[0]], [[6]]])
    still = moving[:, :1].repeat(60, 1)
    kept = select_persons(
        np.concatenate((still, ghost, moving, 2 * moving)), 2
    )
    np.testing.assert_array_equal(kept, np.concatenate((2 * moving, moving)))


def test_persons_repeated_by_periods_of_their_own():
    one, two = person(20), person(7, seed=1)
    frames = np.arange(60)
    x = np.concatenate((one[:, frames % 20], two[:, frames % 7]))
    assert num_frames_of(x) == 20
    assert num_frames_of(x[1:]) == 7


def test_centred_arrays_that_are_padded_are_not_prepared(tmp_path):
    x = padded([person(9 + i, seed=i) for i in range(2)], 60)
    x -= x[:, :, :, 20:21] * (x.any((1, 3), keepdims=True))
    for part in ('train', 'val'):
        np.save(tmp_path / f'{part}_position.npy', x)
        label = [f'{part}{i}' for i in range(2)], [0, 1], [9, 10]
        (tmp_path / f'{part}_label.pkl').write_bytes(pickle.dumps(label))
    prepare(crossclr_source(tmp_path, 'xsub', 'ntu60'), tmp_path / 'out')
    assert load(tmp_path / 'out')[1][:, 0].any((2, 3)).all()


def test_gendata_with_z_upwards(tmp_path):
    clips = [person(9 + i, seed=i)[..., [2, 0, 1]] for i in range(4)]
    for part, half in (('train', clips[:2]), ('val', clips[2:])):
        np.save(tmp_path / f'{part}_data_joint.npy', padded(half, 60))
        label = [f'{part}{i}' for i in range(2)], [0, 1]
        (tmp_path / f'{part}_label.pkl').write_bytes(pickle.dumps(label))
    source = crossclr_source(tmp_path, 'xsub', 'ntu60')
    with pytest.raises(FormatError, match='--up=z'):
        prepare(source, tmp_path / 'out')
    source = crossclr_source(tmp_path, 'xsub', 'ntu60', up='z')
    prepare(source, tmp_path / 'out')
    turned = [x[..., [1, 2, 0]] for x in clips]
    np.testing.assert_allclose(
        load(tmp_path / 'out')[1][:, 0], expected(tmp_path, turned), atol=1e-5
    )


@pytest.mark.parametrize(
    'y, labels',
    [
        ([[2], [1]], [2, 1]),
        ([2, 1], [2, 1]),
        ([[0, 0, 1], [0, 0, 0]], [2, -1]),
        ([[0, 0, 1], [np.nan] * 3], [2, -1]),
        ([0.5, 1], None),
        (['a', 'b'], None),
    ],
)
def test_labels_of_npz(tmp_path, y, labels):
    path = npz(tmp_path, x_train=np.ones((2, 9, 150)), y_train=np.array(y))
    if labels is None:
        with pytest.raises(FormatError, match='x.npz'):
            npz_source(path)
    else:
        assert [clip.label for clip in npz_source(path).jobs] == labels


@pytest.mark.parametrize(
    'labels, numbers',
    [
        (['0', '1', '-1', ''], [0, 1, -1, -1]),
        (['sit', ' ', 'None', 'nan'], [0, -1, -1, -1]),
        ([np.array(np.nan), np.array([1]), 0, 1], [-1, 1, 0, 1]),
    ],
)
def test_labels_that_are_none(tmp_path, labels, numbers):
    clips = [person(seed=i) for i in range(4)]
    source = pose_pickle_source(dump(tmp_path / 'p.pkl', clips, labels))
    assert [job[1]['label'] for job in source.jobs] == numbers


def test_labels_beyond_reason_are_skipped(tmp_path):
    clips = [person(seed=i) for i in range(3)]
    path = dump(tmp_path / 'p.pkl', clips, [0, 10**40, 10**7])
    prepare(pose_pickle_source(path), tmp_path / 'out')
    meta, x = load(tmp_path / 'out')
    assert (len(x), meta['num_classes'], meta['dropped']) == (
        1,
        1,
        dict(broken=2),
    )


def test_nothing_left_to_train_on(tmp_path):
    path = dump(tmp_path / 'p.pkl', [person(seed=i) for i in range(6)])
    with pytest.raises(ValueError, match='train on'):
        pose_pickle_source(path, val_fraction=0.99)
    source = pose_pickle_source(path, split_by='subject', val_fraction=0.99)
    prepare(source, tmp_path / 'out')
    assert load(tmp_path / 'out')[0]['split']['train']


def test_splits_by_either_name_and_each_clip_once(tmp_path):
    annotations = [
        dict(
            frame_dir=f'f{i}', filename=f'v{i}.mp4', label=0, keypoint=person()
        )
        for i in range(3)
    ]
    split = dict(train=['v0.mp4', 'v0.mp4', 'f1'], val=['v2.mp4'])
    path = tmp_path / 'p.pkl'
    path.write_bytes(pickle.dumps(dict(annotations=annotations, split=split)))
    prepare(pose_pickle_source(path), tmp_path / 'out')
    split = load(tmp_path / 'out')[0]['split']
    assert (split['train'], split['val']) == (['f0', 'f1'], ['f2'])


def test_names_of_classes_in_a_pickle(tmp_path):
    content = dict(annotations=[], classes={0: 'walk', 1: 'bow', 2: 'sit'})
    for i, label in enumerate(('sit', 'bow')):
        content['annotations'].append(
            dict(frame_dir=f'{i}', label=label, keypoint=person())
        )
    path, other = tmp_path / 'p.pkl', tmp_path / 'q.pkl'
    path.write_bytes(pickle.dumps(content))
    source = pose_pickle_source(path)
    assert source.classes == ['walk', 'bow', 'sit']
    assert [job[1]['label'] for job in source.jobs] == [2, 1]
    content['classes'] = np.array(['bow', 'walk', 'sit'])
    for i, annotation in enumerate(content['annotations']):
        annotation['frame_dir'] = f'other{i}'
    other.write_bytes(pickle.dumps(content))
    with pytest.raises(FormatError, match='q.pkl'):
        pose_pickle_source([path, other])


def test_an_absent_person_may_be_nan(tmp_path):
    x = np.concatenate((person(), person(seed=1)))
    x[1, 5:] = np.nan
    zero = np.nan_to_num(x)
    for name, clip in (('nan', x), ('zero', zero)):
        path = dump(tmp_path / f'{name}.pkl', [clip])
        prepare(pose_pickle_source(path), tmp_path / name)
    np.testing.assert_array_equal(
        load(tmp_path / 'nan')[1], load(tmp_path / 'zero')[1]
    )


def test_an_empty_clip_comes_first(tmp_path):
    path = dump(tmp_path / 'p.pkl', [person()[:, :0], person()])
    prepare(pose_pickle_source(path), tmp_path / 'out')
    assert len(load(tmp_path / 'out')[1]) == 1


def test_csv_lines_of_commas_and_of_one_clip_twice(recordings, tmp_path):
    csv = tmp_path / 'labels.csv'
    csv.write_text('name, label\nsit/a,jump\n,\nb,\n')
    prepare(kinect_source(recordings, str(csv)), tmp_path / 'out')
    assert labels_of(tmp_path / 'out')['sit/a'] == 0
    csv.write_text('name,label\nsit/a,jump\nsit/a,run\n')
    with pytest.raises(FormatError, match='labels.csv:3'):
        kinect_source(recordings, str(csv))


def nested(depth):
    x = 1
    for _ in range(depth):
        x = [x] * 10
    return x


@pytest.mark.parametrize('field', ['label', 'other', 'total_frames'])
def test_lists_that_are_shared(tmp_path, field):
    """Ten to the ninth numbers in a few hundred bytes."""
    annotation = dict(frame_dir='a', label=0, keypoint=person())
    annotation[field] = nested(9)
    path = tmp_path / 'p.pkl'
    path.write_bytes(pickle.dumps(dict(annotations=[annotation])))
    start = time.monotonic()
    try:
        prepare(pose_pickle_source(path), tmp_path / 'out')
    except FormatError as error:
        assert 'p.pkl' in str(error)
    assert time.monotonic() - start < 20  # not minutes
    path.write_bytes(pickle.dumps(dict(keypoint=[[nested(8)]])))
    with pytest.raises(FormatError, match='p.pkl'):
        read_array(path)


def test_elements_of_no_size(tmp_path):
    data = pickle.dumps(np.zeros(3, 'S1'), protocol=2)
    assert b'S1' in data
    path = tmp_path / 'p.pkl'
    path.write_bytes(data.replace(b'S1', b'S0'))
    with pytest.raises(FormatError, match='p.pkl'):
        restricted_pickle.load(path)


def test_splits_of_more_names_than_clips(tmp_path):
    names = [f'n{i}' for i in range(1000)]
    split = {f's{i}': names for i in range(200)}
    path = dump(tmp_path / 'p.pkl', [person()], **split)
    with pytest.raises(FormatError, match='p.pkl'):
        pose_pickle_source(path)


# ------------------------------------------------------------------- damage


def as_bytes(save, *args, **kwargs):
    file = io.BytesIO()
    save(file, *args, **kwargs)
    return file.getvalue()


CLIP = np.ones((2, 75), np.float32)
ARRAYS = dict(x_train=CLIP[None], y_train=[1], x_test=CLIP[None], y_test=[0])


@fuzz(max_examples=150)
@given(
    st.sampled_from([np.savez, np.savez_compressed]).flatmap(
        lambda save: damaged(as_bytes(save, **ARRAYS))
    )
)
def test_any_damage_of_npz(tmp_path, data):
    path = tmp_path / 'x.npz'
    path.write_bytes(data)
    try:
        source = npz_source(path)
        clips = [source.read(job) for job in source.jobs]
    except FormatError as error:
        assert 'x.npz' in str(error)
    else:
        assert all(np.isfinite(clip['keypoint']).all() for clip in clips)


ONE = CLIP.reshape(1, 2, 25, 3)


@fuzz(max_examples=150)
@given(
    st.sampled_from(
        [
            ('npy', as_bytes(np.save, ONE)),
            ('json', json.dumps(dict(keypoint=ONE.tolist())).encode()),
            ('pkl', pickle.dumps(dict(keypoint=ONE, total_frames=2))),
        ]
    ).flatmap(lambda kind: st.tuples(st.just(kind[0]), damaged(kind[1])))
)
def test_any_damage_of_one_clip(tmp_path, file):
    suffix, data = file
    path = tmp_path / f'x.{suffix}'
    path.write_bytes(data)
    try:
        x = read_array(path)
    except FormatError as error:
        assert path.name in str(error)
    else:
        assert x.ndim == 4 and x.shape[3] == 3
