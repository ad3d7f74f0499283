"""Clips of the made-up data set, by name, and the folder that holds them."""

import shutil
from functools import partial
from pathlib import Path
from typing import List, NamedTuple, Union

import numpy as np

from projects.ikem.files import naming, replace_folder

from ..ordered_map import map_in_order, with_progress
from .actions import ACTIONS, INTERACTIONS, MOTIONS
from .persons import perform, sample_person
from .sensor import Camera, Recording, observe, to_camera
from .writer import write_skeleton

MIN_FRAMES, MAX_FRAMES = 30, 300

# Cameras by setup, then by number: the angles of NTU RGB+D, and each camera
# at a height of its own. The 32 setups of NTU RGB+D 120 end at S032, so no
# name made here is one of its samples or on its list of missing skeletons.
CAMERAS = {
    33: {
        1: Camera(yaw=-45, distance=3.6, height=2.4),
        2: Camera(yaw=0, distance=3.0, height=0.8),
        3: Camera(yaw=45, distance=3.2, height=1.2),
    },
    34: {
        1: Camera(yaw=-45, distance=3.8, height=2.6),
        2: Camera(yaw=0, distance=3.2, height=0.9),
        3: Camera(yaw=45, distance=3.5, height=1.4),
    },
}

# Each camera's recording is cut on its own, by up to so many frames at each
# end, so that the views of a performance are not in step.
_MAX_CUT = 30
# Seconds at rest before and after an action: the cuts take no more.
_MARGIN = 1.0

# Streams of random numbers, so that no two draws share a generator.
_SUBJECT, _PARTNER, _PERFORMANCE, _SENSOR = 1, 2, 3, 4


class ClipName(NamedTuple):
    """What the name of an NTU file says, all numbers from 1."""

    setup: int
    camera: int
    subject: int
    repetition: int
    action: int

    def __str__(self) -> str:
        return 'S{:03d}C{:03d}P{:03d}R{:03d}A{:03d}'.format(*self)


class ClipSummary(NamedTuple):
    """What is in a file."""

    name: ClipName
    num_frames: int
    num_persons: int
    num_dropped: int
    has_ghost: bool


def perform_clip(clip: ClipName, seed: int = 0) -> np.ndarray:
    """Act out a clip, as it happens in the room.

    The same performance is seen by all cameras: it does not depend on
    ``clip.camera``.

    Args:
        clip (ClipName): Who does what.
        seed (int): Seed of the data set.

    Returns:
        np.ndarray: Joints in metres of shape (M, T, V, 3), y up from the
        floor at 0; M is 2 in interactions and 1 otherwise. Camera 2 looks
        along z.
    """
    action = ACTIONS[clip.action - 1]
    actor = sample_person(
        np.random.default_rng((_SUBJECT, seed, clip.subject))
    )
    partner = None
    if action in INTERACTIONS:
        # Nobody who acts in other clips, so that subjects can be split.
        partner = sample_person(
            np.random.default_rng((_PARTNER, seed, clip.subject))
        )
    return perform(
        MOTIONS[action],
        actor,
        partner,
        min_frames=MIN_FRAMES + 2 * _MAX_CUT,
        max_frames=MAX_FRAMES,
        margin=_MARGIN,
        rng=np.random.default_rng(
            (
                _PERFORMANCE,
                seed,
                clip.setup,
                clip.subject,
                clip.repetition,
                clip.action,
            )
        ),
    )


def make_clip(clip: ClipName, seed: int = 0) -> Recording:
    """Make what a camera records.

    Args:
        clip (ClipName): Who does what, and which camera looks.
        seed (int): Seed of the data set.

    Returns:
        Recording: Joints with tracking errors in camera coordinates. They
        depend on the arguments only.
    """
    rng = np.random.default_rng((_SENSOR, seed, *clip))
    joints = perform_clip(clip, seed)
    first, last = rng.integers(0, _MAX_CUT + 1, 2)
    joints = joints[:, first : joints.shape[1] - last]
    camera = CAMERAS[clip.setup][clip.camera]
    return observe(to_camera(joints, camera), rng)


def list_clips(
    num_subjects: int, num_repetitions: int, num_actions: int
) -> List[ClipName]:
    """Names of all clips; odd subjects are in setup 33, even ones in 34."""
    return [
        ClipName(33 + (subject - 1) % 2, camera, subject, repetition, action)
        for subject in range(1, num_subjects + 1)
        for repetition in range(1, num_repetitions + 1)
        for action in range(1, num_actions + 1)
        for camera in (1, 2, 3)
    ]


def _write_clip(clip: ClipName, folder: Path, seed: int) -> ClipSummary:
    recording = make_clip(clip, seed)
    # NTU RGB+D has both ends of line; here every fourth file has CRLF.
    crlf = sum(clip[1:]) % 4 == 0
    write_skeleton(
        folder / f'{clip}.skeleton',
        recording.joints,
        recording.present,
        recording.tracking,
        newline='\r\n' if crlf else '\n',
    )
    return ClipSummary(
        clip,
        recording.num_frames,
        recording.num_persons,
        recording.num_dropped,
        recording.has_ghost,
    )


def generate(
    out_dir: Union[str, Path],
    num_subjects: int = 10,
    num_repetitions: int = 2,
    num_actions: int = len(ACTIONS),
    seed: int = 0,
    workers: int = 1,
    overwrite: bool = False,
) -> List[ClipSummary]:
    """Write the data set; the folder is complete or is not there.

    Args:
        out_dir (str | Path): Folder to make. It may exist if it is empty.
        num_subjects (int): Number of persons, P001 and on. Defaults to 10.
        num_repetitions (int): How often each acts each action. Defaults to 2.
        num_actions (int): Take the first ones of ``ACTIONS``. Defaults to all.
        seed (int): The files depend on it, and on nothing else.
        workers (int): Number of processes. Defaults to 1.
        overwrite (bool): Replace ``.skeleton`` files that are in the folder.

    Returns:
        list[ClipSummary]: One for each file, three cameras a performance.

    Raises:
        FileExistsError: If the folder is not empty and must not, or cannot
            safely, be replaced.
        OSError: If it cannot be written; what was there stays.
        ValueError: If a number is out of range.
    """
    for name, value, top in (
        ('num_subjects', num_subjects, 999),
        ('num_repetitions', num_repetitions, 999),
        ('num_actions', num_actions, len(ACTIONS)),
        ('workers', workers, 999),
    ):
        if not 1 <= value <= top:
            raise ValueError(f'{name} must be from 1 to {top}, got {value}')
    out_dir = Path(out_dir).absolute()
    _check_replaceable(out_dir, overwrite)

    staging = out_dir.with_name(f'{out_dir.name}.partial')
    shutil.rmtree(staging, ignore_errors=True)
    try:
        write = partial(_write_clip, folder=staging, seed=seed)
        clips = list_clips(num_subjects, num_repetitions, num_actions)
        with naming(out_dir):
            staging.mkdir(parents=True)
            summaries = list(
                with_progress(map_in_order(write, clips, workers), len(clips))
            )
            replace_folder(staging, out_dir)
    finally:
        shutil.rmtree(staging, ignore_errors=True)
    return summaries


def _check_replaceable(folder: Path, overwrite: bool) -> None:
    """Raise FileExistsError unless the folder is free to be written."""
    if not folder.exists():
        return
    if not folder.is_dir():
        raise FileExistsError(f'{folder} is a file')
    contents = list(folder.iterdir())
    if contents and not overwrite:
        raise FileExistsError(
            f'{folder} is not empty; overwrite its files (--overwrite), or '
            'choose another folder'
        )
    others = [path.name for path in contents if path.suffix != '.skeleton']
    if others:
        raise FileExistsError(
            f'{folder} holds more than .skeleton files '
            f'({others[0]}, ...) and is not overwritten'
        )
