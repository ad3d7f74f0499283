"""Clips of the synthetic data set by name, and the folder that holds them."""

import shutil
from functools import partial
from pathlib import Path
from typing import List, Tuple

import numpy as np

from projects.ikem.files import naming, replace_folder

from ..formats import ntu
from ..ordered_map import map_in_order, with_progress
from .actions import ACTIONS
from .kinect import observe, to_camera, write_skeleton
from .persons import FRAMES_PER_SECOND, MARGIN, perform

# Angle (NTU's), distance and height of the three cameras of each setup. The
# setups of NTU RGB+D end at 32: no name made here is one of its own.
CAMERAS = {
    33: ((-45, 3.6, 2.4), (0, 3.0, 0.8), (45, 3.2, 1.2)),
    34: ((-45, 3.8, 2.6), (0, 3.2, 0.9), (45, 3.5, 1.4)),
}
# Streams of random numbers, so that no two draws share a generator.
_SUBJECT, _PARTNER, _PERFORMANCE, _SENSOR = 1, 2, 3, 4


def perform_clip(name: str, seed: int = 0) -> np.ndarray:
    """Joints (M, T, V, 3) of a clip in the room, whichever camera looks.

    Args:
        name (str): Name of the clip, such as ``'S033C001P001R001A001'``.
        seed (int): Seed of the data set. Defaults to 0.
    """
    clip = dict(ntu.parse_name(name), camera=0)
    action = list(ACTIONS.values())[clip['action'] - 1]
    # Nobody is a partner who acts in other clips: subjects can be split.
    roles = (_SUBJECT, _PARTNER)[: 1 + bool(action.partner)]
    subjects = [(role, seed, clip['subject']) for role in roles]
    rng = np.random.default_rng((_PERFORMANCE, seed, *clip.values()))
    return perform(action, subjects, rng)


def make_clip(name: str, seed: int = 0) -> Tuple[np.ndarray, np.ndarray]:
    """Make what a camera records; see :func:`observe`.

    Args:
        name (str): Name of the clip.
        seed (int): Seed of the data set. Defaults to 0.
    """
    clip = ntu.parse_name(name)
    rng = np.random.default_rng((_SENSOR, seed, *clip.values()))
    # Each recording is cut on its own, so that views are not in step.
    first, last = rng.integers(0, int(FRAMES_PER_SECOND * MARGIN) + 1, 2)
    joints = perform_clip(name, seed)[:, first:]
    camera = CAMERAS[clip['setup']][clip['camera'] - 1]
    return observe(to_camera(joints[:, : -last or None], camera), rng)


def list_clips(num_subjects: int = 10, num_repetitions: int = 2) -> List[str]:
    """Names of all clips; odd subjects are in setup 33, even ones in 34."""
    return [
        f'S{34 - p % 2:03d}C{c:03d}P{p:03d}R{r:03d}A{a:03d}'
        for p in range(1, num_subjects + 1)
        for r in range(1, num_repetitions + 1)
        for a in range(1, len(ACTIONS) + 1)
        for c in (1, 2, 3)
    ]


def generate(
    out_dir,
    num_subjects: int = 10,
    num_repetitions: int = 2,
    seed: int = 0,
    workers: int = 1,
    overwrite: bool = False,
) -> None:
    """Write the data set; the folder is complete or is not there.

    Args:
        out_dir (str | PathLike): Folder to make. It may exist if it is empty.
        num_subjects (int): Number of persons, P001 and on. Defaults to 10.
        num_repetitions (int): How often each acts each action. Defaults to 2.
        seed (int): The files depend on it, and on nothing else.
        workers (int): Number of processes. Defaults to 1.
        overwrite (bool): Replace ``.skeleton`` files that are in the folder.

    Raises:
        FileExistsError: If the folder is not free to be replaced.
        OSError: If it cannot be written; what was there stays.
    """
    folder = Path(out_dir).absolute()
    contents = sorted(folder.iterdir()) if folder.exists() else []
    others = [path for path in contents if path.suffix != '.skeleton']
    if others or (contents and not overwrite):
        raise FileExistsError(
            f'{(others or contents)[0]} is there: choose another folder, or '
            'replace a folder of .skeleton files alone with --overwrite'
        )
    staging = folder.with_name(f'{folder.name}.partial')
    shutil.rmtree(staging, ignore_errors=True)
    names = list_clips(num_subjects, num_repetitions)
    write = partial(_write_clip, staging, seed)
    try:
        with naming(folder):
            staging.mkdir(parents=True)
            written = map_in_order(write, names, workers)
            list(with_progress(written, len(names)))
            replace_folder(staging, folder)
    finally:
        shutil.rmtree(staging, ignore_errors=True)


def _write_clip(folder: Path, seed: int, name: str) -> None:
    # NTU RGB+D has both ends of line; here about every fourth file has CRLF.
    newline = '\n' if sum(map(ord, name)) % 4 else '\r\n'
    path = folder / f'{name}.skeleton'
    write_skeleton(path, *make_clip(name, seed), newline=newline)
