import re

import numpy as np
import pytest

from projects.ikem.datasets.formats import read_skeleton
from projects.ikem.datasets.synthetic_ntu import (
    ACTIONS,
    INTERACTIONS,
    ClipName,
    generate,
    make_clip,
    perform_clip,
    write_skeleton,
)
from projects.ikem.datasets.synthetic_ntu.actions import MOTIONS, pose_at
from projects.ikem.datasets.synthetic_ntu.body import (
    REST_POSE,
    forward_kinematics,
    mirror_pose,
    sample_body,
)
from projects.ikem.datasets.synthetic_ntu.clips import CAMERAS
from projects.ikem.datasets.synthetic_ntu.sensor import to_camera
from projects.ikem.skeletons import get_layout

LAYOUT = get_layout('ntu-25')
ALONE = [action for action in ACTIONS if action not in INTERACTIONS]


def clip_of(action, camera=2, subject=1, repetition=1):
    return ClipName(33, camera, subject, repetition, ACTIONS.index(action) + 1)


def bone_lengths(joints):
    bones = joints - joints[..., list(LAYOUT.parents), :]
    return np.linalg.norm(bones, axis=-1)


def files_of(folder):
    return {path.name: path.read_bytes() for path in folder.iterdir()}


def rest_pose(num_frames):
    return {
        name: np.tile(value, (num_frames, 1))
        for name, value in REST_POSE.items()
    }


@pytest.fixture(scope='module')
def folder(tmp_path_factory):
    folder = tmp_path_factory.mktemp('synthetic') / 'raw'
    generate(folder, num_subjects=2, num_repetitions=1)
    return folder


# The files


def test_same_seed_same_bytes_whatever_the_workers_and_the_subset(
    folder, tmp_path
):
    generate(
        tmp_path / 'part',
        num_subjects=1,
        num_repetitions=1,
        num_actions=3,
        workers=2,
    )
    part, whole = files_of(tmp_path / 'part'), files_of(folder)
    assert len(part) == 9
    assert part == {name: whole[name] for name in part}


def test_other_seed_other_bytes(folder, tmp_path):
    generate(
        tmp_path / 'other',
        num_subjects=1,
        num_repetitions=1,
        num_actions=1,
        seed=1,
    )
    whole = files_of(folder)
    assert not any(
        text == whole[name]
        for name, text in files_of(tmp_path / 'other').items()
    )


def test_names(folder):
    names = [path.stem for path in folder.iterdir()]
    assert len(names) == 2 * 3 * len(ACTIONS)
    fields = [
        re.fullmatch(r'S(\d{3})C(\d{3})P(\d{3})R(\d{3})A(\d{3})', name)
        for name in names
    ]
    assert all(fields)
    numbers = np.array([field.groups() for field in fields], int)
    # real setups end at 32
    assert set(numbers[:, 0]) == {33, 34}
    assert set(numbers[:, 1]) == {1, 2, 3}
    assert set(numbers[:, 2]) == {1, 2}
    assert set(numbers[:, 4]) == set(range(1, len(ACTIONS) + 1))


def test_every_line_of_every_file(folder):
    for text in files_of(folder).values():
        lines = iter(text.decode('ascii').splitlines())
        num_frames = int(next(lines))
        assert 30 <= num_frames <= 300
        for _ in range(num_frames):
            num_bodies = int(next(lines))
            assert 0 <= num_bodies <= 3
            for _ in range(num_bodies):
                header = next(lines).split()
                assert len([float(value) for value in header]) == 10
                assert next(lines) == '25'
                joints = [next(lines).split() for _ in range(25)]
                assert np.array(joints, float).shape == (25, 12)
        assert next(lines, None) is None


def test_ends_of_line(folder):
    texts = files_of(folder).values()
    crlf = [text for text in texts if b'\r\n' in text]
    assert 0.15 < len(crlf) / len(texts) < 0.35
    assert all(text.count(b'\r\n') == text.count(b'\n') for text in crlf)


def test_reader_reads_what_was_made(folder):
    clip = clip_of('handshake')
    read = read_skeleton(folder / f'{clip}.skeleton')
    recording = make_clip(clip)
    assert read['label'] == ACTIONS.index('handshake')
    assert read['raw_frames'] == recording.num_frames
    expected = recording.joints[:2] * recording.present[:2, :, None, None]
    np.testing.assert_allclose(read['keypoint'], expected, atol=1e-5)


def test_writer_leaves_out_absent_bodies(tmp_path):
    joints = np.random.default_rng(0).normal(size=(3, 4, 25, 3)) + (0, 0, 9)
    present = np.array([[1, 0, 0, 1], [0, 0, 1, 1], [0, 0, 1, 1]], bool)
    path = tmp_path / 'S033C001P001R001A001.skeleton'
    write_skeleton(path, joints, present, newline='\r\n')
    keypoint = read_skeleton(path)['keypoint']
    np.testing.assert_allclose(keypoint[0, 0], joints[0, 0], atol=1e-5)
    # slots are filled from the front
    np.testing.assert_allclose(keypoint[:, 2], joints[1:, 2], atol=1e-5)
    np.testing.assert_allclose(keypoint[:, 3], joints[:2, 3], atol=1e-5)
    assert not keypoint[:, 1].any()
    assert not keypoint[1, 0].any()


def test_summary_says_what_is_in_the_files(tmp_path):
    summaries = generate(tmp_path / 'raw', num_subjects=1, num_repetitions=1)
    for summary in summaries:
        read = read_skeleton(tmp_path / 'raw' / f'{summary.name}.skeleton')
        persons = read['keypoint'].any(axis=(1, 2, 3)).sum()
        empty = ~read['keypoint'].any(axis=(0, 2, 3))
        assert summary.num_frames == read['raw_frames']
        assert summary.num_persons == persons
        assert summary.num_dropped == empty.sum()


def test_folder_is_only_replaced_on_demand_and_never_with_other_files(
    tmp_path,
):
    args = dict(num_subjects=1, num_repetitions=1, num_actions=1)
    folder = tmp_path / 'raw'
    folder.mkdir()
    (folder / 'old.skeleton').write_text('')
    with pytest.raises(FileExistsError, match='not empty'):
        generate(folder, **args)
    generate(folder, overwrite=True, **args)
    assert len(files_of(folder)) == 3
    (folder / 'thesis.tex').write_text('years of work')
    with pytest.raises(FileExistsError, match='thesis.tex'):
        generate(folder, overwrite=True, **args)
    assert len(files_of(folder)) == 4


def test_broken_run_leaves_nothing(tmp_path, monkeypatch):

    def fail(*args, **kwargs):
        raise OSError('disk full')

    monkeypatch.setattr(
        'projects.ikem.datasets.synthetic_ntu.clips.write_skeleton', fail
    )
    with pytest.raises(OSError, match='disk full'):
        generate(tmp_path / 'raw', num_subjects=1)
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    'args',
    [
        dict(num_subjects=0),
        dict(num_repetitions=1000),
        dict(num_actions=len(ACTIONS) + 1),
        dict(workers=0),
    ],
)
def test_numbers_out_of_range(tmp_path, args):
    with pytest.raises(ValueError, match=next(iter(args))):
        generate(tmp_path / 'raw', **args)


# The performances


@pytest.mark.parametrize('action', ACTIONS)
def test_bones_are_rigid(action):
    lengths = bone_lengths(perform_clip(clip_of(action)))  # (M, T, V)
    np.testing.assert_allclose(
        lengths, np.broadcast_to(lengths[:, :1], lengths.shape), atol=1e-9
    )


def test_a_subject_has_one_body_and_another_subject_another():
    one, same, other = (
        np.sort(bone_lengths(perform_clip(clip))[0, 0])
        for clip in (
            clip_of('wave'),
            clip_of('kick', repetition=2),
            clip_of('wave', subject=2),
        )
    )
    np.testing.assert_allclose(one, same)
    assert np.abs(one - other).max() > 0.005


@pytest.mark.parametrize('action', ACTIONS)
def test_second_person_takes_part_in_interactions_only(action):
    joints = perform_clip(clip_of(action))
    assert len(joints) == 1 + (action in INTERACTIONS)
    # everybody moves
    assert (np.ptp(joints, axis=1).max(axis=(1, 2)) > 0.3).all()


def test_cameras_see_the_same_performance():
    one, other = clip_of('throw', camera=1), clip_of('throw', camera=3)
    np.testing.assert_array_equal(perform_clip(one), perform_clip(other))
    assert (make_clip(one).joints[0, 0] != make_clip(other).joints[0, 0]).all()


@pytest.mark.parametrize('action', ACTIONS)
def test_persons_are_upright_and_in_front_of_every_camera(action):
    for camera in (1, 2, 3):
        recording = make_clip(clip_of(action, camera))
        joints = recording.joints
        assert 30 <= recording.num_frames <= 300
        # head above hips above feet at the start, all in Kinect's range
        height = joints[:, 0, [3, 0, 15], 1]
        assert (np.diff(height, axis=1) < -0.3).all()
        assert 0.5 < joints[..., 2].min() and joints[..., 2].max() < 8


def test_camera_is_the_origin_of_its_coordinates():
    camera = CAMERAS[33][3]
    yaw = np.radians(camera.yaw)
    place = np.array(
        (
            camera.distance * np.sin(yaw),
            camera.height,
            -camera.distance * np.cos(yaw),
        )
    )
    np.testing.assert_allclose(to_camera(place, camera), 0, atol=1e-12)
    middle = to_camera(np.array((0.0, 1.0, 0.0)), camera)
    assert middle[2] > camera.distance
    np.testing.assert_allclose(middle[:2], 0, atol=1e-12)


# The motions


@pytest.mark.parametrize(
    'action, reverse',
    [
        ('punch', 'pull'),
        ('walk_forward', 'walk_backward'),
        ('circle_forward', 'circle_backward'),
    ],
)
def test_twins_pass_through_the_same_poses_in_reverse(action, reverse):
    phase = np.linspace(0, 1, 61)[1:-1]
    one, other = (
        pose_at(MOTIONS[name].keys, phase, True, rest_pose(len(phase)))
        for name in (action, reverse)
    )
    for name in one:
        np.testing.assert_allclose(one[name], other[name][::-1], atol=1e-9)
    changes = [np.abs(one[name] - other[name]).max() for name in one]
    assert max(changes) > 0.1


def test_actions_differ_as_motions_not_by_pose_or_phase():
    """No two are alike without their mean poses, whenever they start."""
    phase = np.arange(40) / 40
    body = sample_body(np.random.default_rng(0))
    motions = []
    for action in ALONE:
        motion = MOTIONS[action]
        pose = pose_at(
            motion.keys, phase, motion.periodic, rest_pose(len(phase))
        )
        joints = forward_kinematics(body, pose)
        motions.append(joints - joints.mean(0))
    motions = np.stack(motions)
    distances = [
        np.abs(motions[:, None] - np.roll(motions, shift, axis=1)).max(
            axis=(2, 3, 4)
        )
        for shift in range(len(phase))
    ]
    nearest = np.min(distances, axis=0) + np.eye(len(ALONE))
    assert nearest.min() > 0.1  # metres


def test_at_rest_the_body_stands_upright_and_is_symmetric():
    body = sample_body(np.random.default_rng(0))
    joints = forward_kinematics(body, rest_pose(1))[0]
    mirrored = forward_kinematics(body, mirror_pose(rest_pose(1)))[0]
    np.testing.assert_allclose(joints, mirrored)
    left, right = [4, 5, 6, 7, 12, 13, 14, 15], [8, 9, 10, 11, 16, 17, 18, 19]
    np.testing.assert_allclose(joints[left] * (-1, 1, 1), joints[right])
    assert (joints[left, 0] > 0).all()  # x is to the left
    np.testing.assert_allclose(joints[[14, 18], 1], body['ankle_height'])


def test_limbs_end_where_they_should_or_as_near_as_they_reach():
    body = sample_body(np.random.default_rng(0))
    arm = body['upper_arm'] + body['forearm']
    pose = rest_pose(2)
    pose['right_hand'] = np.array(((0.2, 0.1, 0.6), (0.0, 0.0, 3.0)))
    joints = forward_kinematics(body, pose)
    wrist = (joints[:, 10] - joints[:, 8]) / arm
    np.testing.assert_allclose(wrist[0], (-0.2, 0.1, 0.6), atol=1e-9)
    np.testing.assert_allclose(wrist[1], (0, 0, 0.995), atol=1e-9)
