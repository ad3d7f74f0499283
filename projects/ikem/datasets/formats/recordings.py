"""Own recordings of a Kinect v2: ``.skeleton`` files of any name."""

import csv
import io
import re
from pathlib import Path
from typing import Dict, Iterable, Iterator, Tuple

from .errors import FormatError
from .labels import plain
from .ntu import read_joints
from .pose_pickle import get_fields


def read_labels(clips: Iterable[str], labels: str) -> Dict[str, Dict]:
    """Label and fields of each recording.

    Args:
        clips (iterable[str]): Names of the clips, such as the paths of
            recordings below a folder.
        labels (str): ``'none'``, ``'folders'`` or a csv file with a header
            and the columns name, label and others. A name may be given with
            its suffix and folders or without.

    Returns:
        dict[str, dict]: By name of the clip.

    Raises:
        FormatError: If the csv is none, or names no recording or several.
        OSError: If it cannot be read.
    """
    if labels == 'none':
        return {name: {} for name in clips}
    if labels == 'folders':
        return {
            name: dict(label=Path(name).parent.name) if '/' in name else {}
            for name in clips
        }
    found = {name: {} for name in clips}
    by_stem = {}
    for name in found:
        by_stem.setdefault(Path(name).name, []).append(name)
    text = Path(labels).read_bytes().decode('utf-8-sig', 'replace')
    rows = csv.DictReader(io.StringIO(text))
    rows.fieldnames = [name.strip() for name in rows.fieldnames or ()]
    if not {'name', 'label'} <= set(rows.fieldnames):
        raise FormatError(
            labels, 'the first line has no columns name and label', 1
        )
    for row in _lines(rows, labels):
        key = (row['name'] or '').strip().replace('\\', '/')
        if not key:
            continue  # a line of commas
        if key not in found and key.endswith('.skeleton'):
            key = key[: -len('.skeleton')]
        names = [key] if key in found else by_stem.get(key, [])
        if len(names) != 1:
            raise FormatError(
                labels,
                f'{row["name"]!r} names {len(names)} of the clips',
                rows.line_num,
            )
        if found[names[0]]:
            raise FormatError(
                labels, f'{row["name"]!r} is named twice', rows.line_num
            )
        fields = {
            k: v.strip()
            for k, v in row.items()
            if k and isinstance(v, str) and v.strip()
        }
        fields.pop('name')
        fields.setdefault('label', '')
        if re.fullmatch(r'-?\d{1,9}', fields['label']):
            fields['label'] = int(fields['label'])
        found[names[0]] = fields
    return found


def _lines(rows: csv.DictReader, path: str) -> Iterator[Dict]:
    try:
        yield from rows
    except csv.Error as error:
        raise FormatError(path, f'no csv: {error}', rows.line_num) from error


def read_recording(job: Tuple[Path, Dict]) -> Dict:
    """Read one recording, the two bodies that move most.

    Args:
        job (tuple[Path, dict]): The file, and what is known of it: its
            frame_dir, label and fields.

    Returns:
        dict: What :func:`read_joints` returns, and label and fields.

    Raises:
        FormatError: If the file is no whole skeleton file, or shows nobody.
        OSError: If the file cannot be read.
    """
    path, annotation = job
    if not isinstance(annotation['label'], int):
        raise FormatError(
            path, f'label {plain(annotation["label"])!r:.40} is no class'
        )
    return dict(
        read_joints(path, 'any'),
        frame_dir=annotation['frame_dir'],
        label=annotation['label'],
        fields=get_fields(annotation),
    )
