"""Raw NTU RGB+D skeletons: one ``.skeleton`` text file a clip.

The text is a frame count, then per frame a body count, then per body a header
of 10 values, a joint count and one line of 12 values a joint::

    x y z depthX depthY colorX colorY qw qx qy qz trackingState
"""

import codecs
import re
from pathlib import Path
from typing import Dict, List, NamedTuple

import numpy as np

from .bodies import present_frames_first, select_by_energy, select_by_order
from .errors import FormatError

NUM_JOINTS = 25
NUM_PERSONS = 2
HEADER_VALUES = 10
JOINT_VALUES = 12

SELECTIONS = ('order', 'energy', 'any')
LOST = (
    'frames lost at the end, since the first body appears late or pauses '
    '(--select-bodies energy keeps them)'
)
_NAME = re.compile(r'S(\d{3})C(\d{3})P(\d{3})R(\d{3})A(\d{3})', re.ASCII)
_NAME_FIELDS = ('setup', 'camera', 'subject', 'repetition', 'action')
# How older Microsoft runtimes print non-finite numbers.
_MSVC_NON_FINITE = re.compile(rb'1\.#[A-Z]+\d*')


class _Bodies(NamedTuple):
    """All B bodies of a file, in file order."""

    num_frames: int
    frames: np.ndarray  # (B, )
    slots: np.ndarray  # (B, )
    ids: List[bytes]  # text, since the ids exceed what float64 tells apart
    joints: np.ndarray  # (B, V, 3)


class _Lines:
    """The lines of a file, taken one by one."""

    def __init__(self, path: Path) -> None:
        self.path = path
        data = _without_mark(path.read_bytes())
        if not data.strip():
            raise FormatError(path, 'the file is empty')
        self.lines = _MSVC_NON_FINITE.sub(b'nan', data).splitlines()
        self.position = 0

    def error(self, index: int, reason: str) -> FormatError:
        return FormatError(self.path, reason, index + 1)

    def take(self, num_lines: int, what: str) -> List[bytes]:
        end = self.position + num_lines
        if end > len(self.lines):
            raise self.error(
                len(self.lines) - 1,
                f'truncated: the file ends where {what} should follow',
            )
        taken = self.lines[self.position : end]
        self.position = end
        return taken

    def take_count(self, what: str) -> int:
        (text,) = self.take(1, what)
        # nine digits: more could be no count, and are slow to convert
        if not re.fullmatch(rb'\s*\d{1,9}\s*', text):
            raise self.error(
                self.position - 1, f'expected {what}, got {_quote(text)}'
            )
        return int(text)


def _without_mark(data: bytes) -> bytes:
    """Text as Kinect's tools write it, whatever an editor made of it."""
    if data.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        data = data.decode('utf-16', 'replace').encode('utf-8')
    return data[len(codecs.BOM_UTF8) * data.startswith(codecs.BOM_UTF8) :]


def parse_name(name: str) -> Dict[str, int]:
    """Parse the name of an NTU RGB+D clip.

    Args:
        name (str): Such as ``'S001C002P003R002A060'``; a folder before and a
            suffix after it do not matter.

    Returns:
        dict[str, int]: setup, camera, subject, repetition and action, each
        counted from 1 as in the name.

    Raises:
        FormatError: If it is no such name.
    """
    match = _NAME.fullmatch(Path(name).stem)
    fields = [int(number) for number in match.groups()] if match else []
    if not match or fields[-1] < 1:
        raise FormatError(
            name,
            'the name is not SsssCcccPpppRrrrAaaa (setup, camera, '
            'subject, repetition, action), three digits each; '
            'tools/data/prepare_kinect.py takes recordings of any name',
        )
    return dict(zip(_NAME_FIELDS, fields))


def find_names(text: str) -> List[str]:
    """Find all names of NTU RGB+D clips in a text, in order."""
    return [match.group() for match in _NAME.finditer(text)]


def read_skeleton(path, select: str = 'order') -> Dict:
    """Read one raw ``.skeleton`` file of the data set.

    Args:
        path (str | PathLike): The file, named as :func:`parse_name` says.
        select (str): Which two bodies to keep, see :func:`read_joints`.

    Returns:
        dict: What :func:`read_joints` returns and label (int, from 0).

    Raises:
        FormatError: If the name or the file is wrong, or it shows nobody.
        OSError: If the file cannot be read.
    """
    label = parse_name(str(path))['action'] - 1
    return dict(read_joints(path, select), label=label)


def read_joints(path, select: str = 'order') -> Dict:
    """Read one ``.skeleton`` file of any name.

    Args:
        path (str | PathLike): The file.
        select (str): Which two bodies to keep. ``'order'`` keeps the first
            two listed in each frame and ignores their ids (CrosSCLR).
            ``'energy'`` tracks bodies by id, keeps the two with the most
            motion energy, one a slot, and moves the frames that show the
            first one to the front. ``'any'`` does the same with the frames
            that show either of the two. Defaults to ``'order'``.

    Returns:
        dict: frame_dir (str), keypoint (np.ndarray, (M=2, T, V=25, C=3),
        float32, metres; zero where a person is absent), raw_frames (int,
        T), length (int, number of frames in which joint 1 of the first
        person, or of ``'any'`` a person, is not zero) and counts (dict, what
        is lost).

    Raises:
        FormatError: If the file is no whole skeleton file, or shows nobody.
        OSError: If the file cannot be read.
    """
    if select not in SELECTIONS:
        raise ValueError(f'select must be one of {SELECTIONS}, got {select!r}')
    path = Path(path)
    bodies = _read_bodies(path)
    if select == 'order':
        keypoint = select_by_order(
            bodies.num_frames,
            bodies.frames,
            bodies.slots,
            bodies.joints,
            NUM_PERSONS,
        )
    else:
        keypoint = select_by_energy(
            bodies.num_frames,
            bodies.frames,
            bodies.ids,
            bodies.joints,
            NUM_PERSONS,
        )
        keypoint, length = present_frames_first(
            keypoint, of_first=select == 'energy'
        )
    counts = {}
    if select != 'any':
        present = keypoint[0, :, 0].any(axis=-1)
        length = int(present.sum())
        if lost := int(present[length:].sum()):
            counts[LOST] = lost
    if not length:
        raise FormatError(
            path,
            'nobody to see: joint 1 of the first body is zero or absent '
            f'in all {bodies.num_frames} frames',
        )
    return dict(
        frame_dir=path.stem,
        keypoint=keypoint,
        raw_frames=bodies.num_frames,
        length=length,
        counts=counts,
    )


def _read_bodies(path: Path) -> _Bodies:
    """Walk the structure of a file, then convert all joints at once."""
    lines = _Lines(path)
    num_frames = lines.take_count('the number of frames')
    if num_frames > len(lines.lines):  # a frame takes a line at least
        raise lines.error(
            0,
            f'truncated: {num_frames} frames announced, the file has '
            f'{len(lines.lines)} lines',
        )
    frames, slots, ids, starts = [], [], [], []
    for frame in range(num_frames):
        num_bodies = lines.take_count(f'the body count of frame {frame + 1}')
        for slot in range(num_bodies):
            ids.append(_take_header(lines))
            num_joints = lines.take_count('the joint count')
            if num_joints != NUM_JOINTS:
                raise lines.error(
                    lines.position - 1,
                    f'expected {NUM_JOINTS} joints, got {num_joints}',
                )
            starts.append(lines.position)
            lines.take(NUM_JOINTS, f'{NUM_JOINTS} joints')
            frames.append(frame)
            slots.append(slot)
    for index in range(lines.position, len(lines.lines)):
        if lines.lines[index].strip():
            raise lines.error(
                index,
                f'text after the last of {num_frames} frames: '
                f'{_quote(lines.lines[index])}',
            )
    joints = _convert_joints(lines, starts)
    return _Bodies(
        num_frames, np.array(frames, int), np.array(slots, int), ids, joints
    )


def _take_header(lines: _Lines) -> bytes:
    """Take the header of a body, of which only the id is used."""
    (header,) = lines.take(1, 'the header of a body')
    values = header.split()
    try:
        num_values = len([float(value) for value in values])
    except ValueError:
        num_values = 0
    if num_values != HEADER_VALUES:
        raise lines.error(
            lines.position - 1,
            f'expected {HEADER_VALUES} numbers of a body '
            f'header, got {_quote(header)}',
        )
    return values[0]


def _convert_joints(lines: _Lines, starts: List[int]) -> np.ndarray:
    """Convert the blocks of joint lines to positions, (B, V, 3)."""
    indices = [i for start in starts for i in range(start, start + NUM_JOINTS)]
    if not indices:
        return np.zeros((0, NUM_JOINTS, 3), np.float32)
    values = _to_numbers([lines.lines[i] for i in indices])
    if values is None or values.shape != (len(indices), JOINT_VALUES):
        raise _find_bad_joint(lines, indices)
    with np.errstate(over='ignore'):  # reported as infinite below
        joints = values[:, :3].astype(np.float32)
    finite = np.isfinite(joints).all(axis=1)
    if not finite.all():
        index = indices[int(finite.argmin())]
        raise lines.error(
            index,
            f'position of a joint is not finite: {_quote(lines.lines[index])}',
        )
    return joints.reshape(-1, NUM_JOINTS, 3)


def _find_bad_joint(lines: _Lines, indices: List[int]) -> FormatError:
    """Find the line that kept the joints from being converted at once."""
    for index in indices:
        values = _to_numbers([lines.lines[index]])
        if values is None or values.shape != (1, JOINT_VALUES):
            break
    return lines.error(
        index,
        f'expected {JOINT_VALUES} numbers of a joint, got '
        f'{_quote(lines.lines[index])}',
    )


def _to_numbers(lines: List[bytes]):
    """Convert lines of as many numbers each to a table, or None."""
    if not any(line.strip() for line in lines):
        return None  # loadtxt would warn
    try:
        return np.loadtxt(lines, comments=None, encoding='latin1', ndmin=2)
    except ValueError:
        return None


def _quote(text: bytes) -> str:
    """Quote the beginning of a line for a message."""
    return repr(text[:60].decode('ascii', 'backslashreplace'))
