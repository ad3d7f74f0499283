"""Names of the clips of a pose pickle, and splits that go by them."""

from collections import Counter, defaultdict
from pathlib import Path
from typing import Any, Dict, List, Sequence, Tuple

import numpy as np

from .errors import FormatError

NAMES = ('frame_dir', 'filename')


def with_unique_names(
    path: Path, annotations: List
) -> Tuple[Dict[str, List[str]], List[str]]:
    """Give each annotation a ``frame_dir`` of its own.

    Args:
        path (Path): The file, for errors.
        annotations (list[dict]): Those of the file, changed in place.

    Returns:
        tuple[dict[str, list[str]], list[str]]: Names of the clips by each
        name that was given, and what a user should know.

    Raises:
        FormatError: If one has no name.
    """
    given, others = [], []
    for index, annotation in enumerate(annotations):
        names = [
            annotation.get(key) if isinstance(annotation, dict) else None
            for key in NAMES
        ]
        names = [str(name) for name in names if isinstance(name, (str, int))]
        if not names:
            raise FormatError(
                path,
                f'annotation {index} has no name: give each a frame_dir, or '
                'a filename, that is text',
            )
        given.append(names[0])
        others.append(names[-1])
    counts, taken, named = Counter(), set(given), defaultdict(list)
    for annotation, name in zip(annotations, given):
        counts[name] += 1
        unique = name
        while counts[name] > 1 and unique in taken:
            unique = f'{name}#{counts[name]}'
            if unique in taken:
                counts[name] += 1
        taken.add(unique)
        annotation['frame_dir'] = unique
        named[name].append(unique)
    notes = []
    repeated = [name for name, names in named.items() if len(names) > 1]
    if repeated:
        num = sum(len(named[name]) - 1 for name in repeated)
        notes.append(
            f'{num} clips repeat the name of another one, such as '
            f'{repeated[0]!r}, and are called {named[repeated[0]][1]!r} and '
            'so on'
        )
    for name, annotation in zip(others, annotations):
        if name not in taken:  # splits may go by either name
            named[name].append(annotation['frame_dir'])
    return dict(named), notes


def split_of_clips(
    path: Path, split: Dict[Any, Any], named: Dict[str, List[str]]
) -> Tuple[Dict[str, List[str]], List[str]]:
    """Splits as names of clips.

    Args:
        path (Path): The file, for errors.
        split (dict): Given names by split, lists, tuples, sets or arrays.
        named (dict[str, list[str]]): Names of the clips by given name.

    Returns:
        tuple[dict[str, list[str]], list[str]]: Names of the clips of each
        split, each once, and what a user should know.

    Raises:
        FormatError: If a split is no list of names, or of unknown ones alone.
    """
    claimed = sum(len(x) for x in split.values() if hasattr(x, '__len__'))
    if claimed > 100_000 + 100 * len(named):
        raise FormatError(
            path, f'its splits name {claimed} clips, it has {len(named)}'
        )
    splits, notes = {}, []
    for key, members in split.items():
        members = list(dict.fromkeys(_names_of(path, key, members)))
        lost = [name for name in members if name not in named]
        what = (
            f'split {key!r:.40}: {len(lost)} of {len(members)} names have no '
            'annotation, such as '
        )
        if members and len(lost) == len(members):
            raise FormatError(path, f'{what}{lost[0]!r:.60}')
        if lost:
            notes.append(f'{what}{lost[0]!r:.60}')
        clips = [clip for name in members for clip in named.get(name, ())]
        splits[str(key)] = list(dict.fromkeys(clips))
    return splits, notes


def _names_of(path: Path, key: Any, members: Any) -> List[str]:
    if isinstance(members, (set, frozenset)):
        members = sorted(members, key=str)
    if isinstance(members, np.ndarray) and members.ndim == 1:
        members = members.tolist()
    if not isinstance(members, (list, tuple)) or not all(
        isinstance(member, (str, int)) for member in members
    ):
        raise FormatError(
            path, f'split {key!r:.40} is no list of names of annotations'
        )
    return [str(member) for member in members]


def check_names_once(paths: Sequence, annotations: List[Dict]) -> None:
    """Refuse a clip that several files have.

    Raises:
        FormatError: If there is one.
    """
    counts = Counter(a['frame_dir'] for a in annotations)
    name, count = counts.most_common(1)[0]
    if count > 1:
        raise FormatError(
            paths[-1],
            f'clip {name!r} is in several of the files: prepare them into '
            'folders of their own',
        )
