"""The preparing tools, from raw files to the prepared folder."""

import json
import os
import pickle
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
from commands import fail, run_tool, succeed
from helpers import ROOT, hear_ctrl_c

from projects.ikem.datasets.prepared import read_annotations
from projects.ikem.skeletons import get_layout

NTU = 'tools/data/prepare_ntu.py'
NTU_NAMES = [
    'S001C001P001R001A001',
    'S001C002P003R001A002',
    'S033C003P001R002A060',
    'S002C002P003R002A003',
    'S001C001P001R001A061',
]


def ntu(raw, out, *args, dataset='ntu60', workers=1):
    """Arguments that prepare NTU's files."""
    return NTU, raw, out, '--dataset', dataset, '--workers', workers, *args


def load(folder):
    return read_annotations(folder), np.load(Path(folder) / 'keypoint.npy')


def whole(split):
    """The splits but for fractions of the labels."""
    return {k: v for k, v in split.items() if not k.endswith('pct')}


def preprocess(x, length, layout, num_frames=50):
    """The chain of the method, by loops, for x of shape (M, T, V, 3)."""
    layout = get_layout(layout)
    persons, _, joints, _ = x.shape
    left, right = layout.shoulders
    out = np.zeros((persons, num_frames, joints, 3))
    for m in range(persons):
        for t in range(num_frames):
            position = (t + 0.5) * length / num_frames - 0.5
            position = min(max(position, 0), length - 1)
            first = int(position)
            second = min(first + 1, length - 1)
            for v in range(joints):
                a, b = (
                    x[m, frame, v].astype(float) - x[m, frame, layout.center]
                    for frame in (first, second)
                )
                out[m, t, v] = a + (position - first) * (b - a)
        depth = sum(
            out[m, t, right, 2] - out[m, t, left, 2] for t in range(num_frames)
        )
        for t in range(num_frames):
            d = out[m, t, right] - out[m, t, left]
            theta = np.arccos(d[0] / (np.hypot(d[0], d[2]) + 1e-4))
            theta = -theta if depth >= 0 else theta
            cos, sin = np.cos(theta), np.sin(theta)
            turn = np.array([[cos, 0, -sin], [0, 1, 0], [sin, 0, cos]])
            for v in range(joints):
                out[m, t, v] = turn @ out[m, t, v]
    return out


def write_ntu(folder, name, joints):
    """Write joints, (M, T, 25, 3), of which absent bodies are zero."""
    lines = [str(joints.shape[1])]
    for t in range(joints.shape[1]):
        bodies = [body for body in joints[:, t] if body.any()]
        lines.append(str(len(bodies)))
        for m, body in enumerate(bodies):
            lines += [f'{m} 0 1 1 1 1 0 0 0 2', '25']
            lines += [
                ' '.join(map(repr, xyz.tolist())) + ' 0 0 0 0 0 0 0 0 2'
                for xyz in body
            ]
    path = folder / f'{name}.skeleton'
    path.write_text('\n'.join(lines) + '\n')
    return path


@pytest.fixture
def clips():
    """Joints of the clips of NTU_NAMES."""
    rng = np.random.default_rng(0)
    clips = [rng.normal(size=(2, t, 25, 3)) for t in (4, 60, 70, 80, 9)]
    clips[0][1] = 0  # a single person
    clips[1][:, 20:25] = 0  # nobody for a while
    clips[2][1, 10:] = 0  # the second person leaves
    return clips


@pytest.fixture
def raw(tmp_path, clips):
    """A folder of NTU files."""
    folder = tmp_path / 'raw'
    (folder / 'more').mkdir(parents=True)
    for name, joints in zip(NTU_NAMES, clips):
        write_ntu(folder / 'more' if 'S002' in name else folder, name, joints)
    return folder


def break_file(raw, name=NTU_NAMES[1]):
    path = raw / f'{name}.skeleton'
    lines = path.read_text().splitlines()
    lines[4] = 'broken'
    path.write_text('\n'.join(lines))
    return path


def test_ntu(tmp_path, raw, clips):
    out = tmp_path / 'out'
    summary = succeed(*ntu(raw, out))
    meta, keypoint = load(out)
    order = sorted(NTU_NAMES[:4])
    assert meta['annotations'] == [
        dict(frame_dir=NTU_NAMES[0], label=0, total_frames=4),
        dict(frame_dir=NTU_NAMES[1], label=1, total_frames=60),
        dict(frame_dir=NTU_NAMES[3], label=2, total_frames=80),
        dict(frame_dir=NTU_NAMES[2], label=59, total_frames=70),
    ]
    assert (meta['dataset'], meta['layout']) == ('ntu60', 'ntu-25')
    assert meta['num_classes'] == 60
    assert meta['source'] == dict(format='ntu', select_bodies='order')
    assert [cfg['type'] for cfg in meta['preprocessing']] == [
        'CenterJoint',
        'ResampleFrames',
        'AlignShoulders',
    ]
    assert whole(meta['split']) == dict(
        xsub_train=[NTU_NAMES[0], NTU_NAMES[2]],
        xsub_val=[NTU_NAMES[1], NTU_NAMES[3]],
        xview_train=order[1:],
        xview_val=order[:1],
    )
    # each clip is the only one of its class, of which there is one at least
    for part in ('xsub_train', 'xview_train'):
        for fraction in ('1pct', '5pct', '10pct'):
            members = meta['split'][f'{part}_{fraction}']
            assert members == meta['split'][part]
    assert meta['dropped'] == {
        'not in ntu60': 1,
        'missing skeletons list': 0,
        'broken': 0,
    }
    for row, name in enumerate(order):
        joints = clips[NTU_NAMES.index(name)].astype(np.float32)
        length = int((joints[0, :, 0] != 0).any(-1).sum())
        expected = preprocess(joints, length, 'ntu-25')
        np.testing.assert_allclose(keypoint[row], expected, atol=1e-4)
    assert not keypoint[0, 1].any()  # the absent person is exactly zero
    for text in (
        *('clips    4, 0 ', '4 of 60', 'min 4, median 65, max 80'),
        *('xsub_train: 2, xsub_val: 2', 'xsub_train_1pct: 2'),
        'not in ntu60: 1',
    ):
        assert text in summary


def test_ntu_by_energy(tmp_path, raw, clips):
    out = tmp_path / 'out'
    energy = ('--select-bodies', 'energy', '--num-frames', 20)
    succeed(*ntu(raw, out, *energy, dataset='ntu120'))
    meta, keypoint = load(out)
    assert keypoint.shape == (5, 2, 20, 25, 3)
    assert meta['source']['select_bodies'] == 'energy'
    assert meta['num_classes'] == 120
    assert set(whole(meta['split'])) == {
        f'{split}_{part}'
        for split in ('xsub', 'xset')
        for part in ('train', 'val')
    }
    joints = clips[3].astype(np.float32)
    joints = joints[np.argsort(-joints.std((1, 2)).sum(-1))]
    np.testing.assert_allclose(
        keypoint[3], preprocess(joints, 80, 'ntu-25', 20), atol=1e-4
    )


def test_output_does_not_depend_on_workers(tmp_path, raw):
    break_file(raw)
    for workers in (1, 2):
        succeed(*ntu(raw, tmp_path / f'out{workers}', workers=workers))
    for name in ('keypoint.npy', 'annotations.json'):
        one, two = (tmp_path / out / name for out in ('out1', 'out2'))
        assert one.read_bytes() == two.read_bytes()


def test_broken_files_are_reported_and_skipped(tmp_path, raw):
    broken = break_file(raw)
    empty = raw / 'S009C001P001R001A001.skeleton'
    empty.touch()
    misnamed = raw / 'notes.skeleton'
    misnamed.write_text('hello')
    unreadable = raw / 'S009C001P001R001A002.skeleton'
    unreadable.mkdir()
    write_ntu(raw / 'more', NTU_NAMES[2], np.ones((1, 3, 25, 3)))  # again
    far = np.ones((1, 5, 25, 3))
    far[:, :, 3] = 3e38  # finite, unlike its distance to the centre
    far[:, :, 20] = -3e38
    write_ntu(raw, 'S009C001P001R001A003', far)
    result = run_tool(*ntu(raw, tmp_path / 'out'))
    assert result.returncode == 0
    assert 'broken: 6' in result.stdout
    skipped = [
        line for line in result.stderr.splitlines() if 'skipped ' in line
    ]
    assert len(skipped) == 6
    for name in (
        *(f'{broken}:5', str(empty), str(misnamed), str(unreadable)),
        *(NTU_NAMES[2], 'S009C001P001R001A003'),
    ):
        assert sum(name in line for line in skipped) == 1, name
    meta, keypoint = load(tmp_path / 'out')
    assert len(keypoint) == 3
    assert np.isfinite(keypoint).all()
    assert NTU_NAMES[1] not in str(meta)
    assert meta['dropped']['broken'] == 6


@pytest.mark.parametrize('workers', [1, 2])
def test_strict_stops(tmp_path, raw, workers):
    broken = break_file(raw)
    args = ntu(raw, tmp_path / 'out', '--strict', workers=workers)
    assert f'{broken}:5: ' in fail(*args)
    assert os.listdir(tmp_path) == ['raw']


@pytest.mark.parametrize(
    'text',
    [
        NTU_NAMES[0] + '\r\n' + NTU_NAMES[3] + '.skeleton\n',
        json.dumps(dict(ntu60=[NTU_NAMES[0], NTU_NAMES[3]])),
    ],
)
def test_missing_list(tmp_path, raw, text):
    listed = tmp_path / 'list'
    listed.write_text(text)
    out = tmp_path / 'out'
    summary = succeed(*ntu(raw, out, '--missing-list', listed))
    names = [clip['frame_dir'] for clip in load(out)[0]['annotations']]
    assert names == [NTU_NAMES[1], NTU_NAMES[2]]
    assert 'missing skeletons list: 2' in summary


def test_published_missing_samples_are_left_out(tmp_path, raw, clips):
    write_ntu(raw, 'S001C002P005R002A008', clips[0])  # of NTU-60
    write_ntu(raw, 'S019C001P046R001A075', clips[0])  # of NTU-120
    succeed(*ntu(raw, tmp_path / 'out', dataset='ntu120'))
    meta, _ = load(tmp_path / 'out')
    assert len(meta['annotations']) == 5
    assert meta['dropped']['missing skeletons list'] == 2


def empty_files(raw, out):
    for path in raw.rglob('*.skeleton'):
        path.write_text('')
    return raw


def fill_output(raw, out):
    out.mkdir()
    (out / 'x').touch()
    return raw


@pytest.mark.parametrize(
    'source, named',
    [
        (lambda raw, out: 'nowhere', 'nowhere'),
        (lambda raw, out: out.parent / 'empty', '.skeleton'),
        (fill_output, '/out'),
        (empty_files, 'broken: 4'),
    ],
)
def test_nothing_to_prepare(tmp_path, raw, source, named):
    (tmp_path / 'empty').mkdir()
    out = tmp_path / 'out'
    assert named in fail(*ntu(source(raw, out), out))
    assert not (out / 'annotations.json').exists()


def test_missing_list_without_names(tmp_path, raw):
    listed = tmp_path / 'list'
    listed.write_text('none\n')
    args = ntu(raw, tmp_path / 'out', '--missing-list', listed)
    assert str(listed) in fail(*args)


def test_workers_must_be_positive(tmp_path, raw):
    args = ntu(raw, tmp_path / 'out', workers=0)
    assert '--workers' in fail(*args, returncode=2)


def test_overwrite(tmp_path, raw):
    args = ntu(raw, tmp_path / 'out')
    succeed(*args)
    assert '--overwrite' in fail(*args)
    break_file(raw)
    succeed(*args, '--overwrite')
    assert len(load(tmp_path / 'out')[1]) == 3


def test_nwucla(tmp_path):
    raw = tmp_path / 'raw'
    raw.mkdir()
    rng = np.random.default_rng(0)
    joints = {}
    for name in (
        'a01_s01_e00_v01',
        'a02_s01_e00_v02',
        'a02_s01_e00_v03',
        'a12_s02_e00_v03',
    ):
        joints[name] = rng.normal(size=(rng.integers(1, 90), 20, 3))
    joints['a02_s01_e00_v03'] = joints['a02_s01_e00_v02']
    for name, label in zip(joints, (1, 2, 2, 10)):
        (raw / f'{name}.json').write_text(
            json.dumps(
                dict(
                    file_name=name,
                    skeletons=joints[name].tolist(),
                    label=label,
                )
            )
        )
    tool = 'tools/data/prepare_nwucla.py'
    summary = succeed(tool, raw, tmp_path / 'out', '--workers', 2)
    meta, keypoint = load(tmp_path / 'out')
    assert keypoint.shape == (4, 1, 50, 20, 3)
    assert (meta['layout'], meta['num_classes']) == ('kinect-20', 10)
    assert [clip['label'] for clip in meta['annotations']] == [0, 1, 1, 9]
    for row, (name, x) in enumerate(joints.items()):
        assert meta['annotations'][row]['frame_dir'] == name
        np.testing.assert_allclose(
            keypoint[row], preprocess(x[None], len(x), 'kinect-20'), atol=1e-4
        )
    names = list(joints)
    assert whole(meta['split']) == dict(
        xview_train=names[:2],
        xview_val=names[2:],
        xview_dedup_train=names[:2],
        xview_dedup_val=names[3:],
        xsub_train=names[:2],
        xsub_val=names[3:],
    )
    assert '1 of them repeat' in summary


def test_crossclr(tmp_path):
    rng = np.random.default_rng(0)
    positions = {}
    for part, subjects in dict(train=(1, 2), val=(3, 6, 7)).items():
        names = [f'S001C001P{p:03d}R001A00{p}.skeleton' for p in subjects]
        labels = [p - 1 for p in subjects]
        positions[part] = rng.normal(size=(len(names), 3, 50, 25, 2))
        np.save(tmp_path / f'{part}_position.npy', positions[part])
        (tmp_path / f'{part}_label.pkl').write_bytes(
            pickle.dumps((names, labels))
        )
    tool = 'tools/data/prepare_crossclr.py'
    args = (tool, tmp_path, tmp_path / 'out', '--split', 'xsub')
    assert '--time-scale' in fail(*args)
    succeed(*args, '--time-scale', 1, '--workers', 1)
    meta, keypoint = load(tmp_path / 'out')
    names = [clip['frame_dir'] for clip in meta['annotations']]
    assert [clip['label'] for clip in meta['annotations']] == [0, 1, 2, 5, 6]
    assert {clip['total_frames'] for clip in meta['annotations']} == {50}
    assert whole(meta['split']) == dict(
        xsub_train=names[:2], xsub_val=names[2:]
    )
    assert meta['preprocessing'] == []
    np.testing.assert_allclose(
        keypoint,
        np.concatenate(list(positions.values())).transpose(0, 4, 2, 3, 1),
        rtol=1e-6,
    )


def test_pose_pickle(tmp_path):
    rng = np.random.default_rng(0)
    annotations = [
        dict(
            frame_dir=f'clip{i}',
            label=3 * i,
            keypoint=rng.normal(size=(min(i + 1, 2), 30 + i, 25, 3)),
            total_frames=30 + i,
        )
        for i in range(3)
    ]
    broken = dict(annotations[0], frame_dir='spoilt', label=())
    path = tmp_path / 'toy.pkl'
    path.write_bytes(
        pickle.dumps(
            dict(
                split=dict(xsub_train=['clip0', 'spoilt'], xsub_val=['clip2']),
                annotations=[*annotations, broken],
            )
        )
    )
    tool = 'tools/data/prepare_pose_pickle.py'
    result = run_tool(tool, path, tmp_path / 'out', '--workers', 2)
    assert result.returncode == 0
    meta, keypoint = load(tmp_path / 'out')
    assert (meta['dataset'], meta['num_classes']) == ('toy', 7)
    assert whole(meta['split']) == dict(
        xsub_train=['clip0'], xsub_val=['clip2']
    )
    assert meta['dropped'] == dict(broken=1)
    assert f'{path}: clip spoilt' in result.stderr
    assert keypoint.shape == (3, 2, 50, 25, 3)
    np.testing.assert_allclose(
        keypoint[2],
        preprocess(annotations[2]['keypoint'][:2], 32, 'ntu-25'),
        atol=1e-4,
    )


SLOW_RUN = """
import argparse, os, sys, time
from pathlib import Path
import numpy as np
from ikem_cli.prepare import run
from projects.ikem.datasets.sources import Source

def read(job):
    Path(f'worker_{os.getpid()}').touch()
    if job == 40:  # once both have begun, and leave Ctrl-C to the parent
        while len(list(Path().glob('worker_*'))) < 2:
            time.sleep(0.01)
        Path('under_way').touch()
    time.sleep(0.001 if job < 40 else 0.5)
    return dict(frame_dir=str(job), label=0, raw_frames=9,
                keypoint=np.ones((1, 2, 25, 3)))

run(argparse.ArgumentParser(prog='slow'), lambda args: Source(
    path=Path('.'), dataset='slow', layout='ntu-25', num_classes=1,
    jobs=range(1000), read=read, make_split=lambda digests: {}))
"""


def start_slow_run(folder):
    folder.mkdir()
    return subprocess.Popen(
        [
            sys.executable,
            '-W',
            'ignore',
            '-c',
            SLOW_RUN,
            'out',
            '--workers',
            '2',
        ],
        cwd=folder,
        env=dict(os.environ, PYTHONPATH=str(ROOT)),
        preexec_fn=hear_ctrl_c,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )


def wait_until_under_way(folder):
    deadline = time.monotonic() + 120
    while not (folder / 'under_way').exists():
        assert time.monotonic() < deadline
        time.sleep(0.05)


def test_interrupted_and_killed_runs(tmp_path):
    interrupted_dir, killed_dir = tmp_path / 'interrupted', tmp_path / 'killed'
    # both at a time, since most of it is starting Python
    interrupted = start_slow_run(interrupted_dir)
    killed = start_slow_run(killed_dir)

    wait_until_under_way(interrupted_dir)
    os.killpg(interrupted.pid, signal.SIGINT)  # what Ctrl-C sends
    _, error = interrupted.communicate(timeout=120)
    assert interrupted.returncode == 130
    assert error.endswith('slow: interrupted\n')
    assert 'Traceback' not in error
    assert not list(interrupted_dir.glob('out*'))

    wait_until_under_way(killed_dir)
    killed.kill()
    # ends when the last worker, which holds the pipe as well, has exited
    killed.communicate(timeout=120)
    assert [p.name for p in killed_dir.glob('out*')] == ['out.partial']
