"""The standard splits of the data sets, fractions of their labels, and NTU's
unusable samples."""

import hashlib
import json
from collections import Counter, defaultdict
from pathlib import Path
from typing import Any, Callable, Dict, Iterable, List, Optional, Sequence, Set

from .formats import ntu, nwucla
from .prepared_checks import UNLABELLED

# fmt: off
_NTU60_SUBJECTS = {
    1, 2, 4, 5, 8, 9, 13, 14, 15, 16, 17, 18, 19, 25, 27, 28, 31, 34, 35, 38,
}
_NTU120_SUBJECTS = _NTU60_SUBJECTS | {
    45, 46, 47, 49, 50, 52, 53, 54, 55, 56, 57, 58, 59, 70, 74, 78, 80, 81, 82,
    83, 84, 85, 86, 89, 91, 92, 93, 94, 95, 97, 98, 100, 103,
}
# fmt: on
NTU_TRAIN_SUBJECTS = dict(
    ntu60=_NTU60_SUBJECTS, ntu120=_NTU120_SUBJECTS, synthetic=_NTU60_SUBJECTS
)
NTU_TRAIN_CAMERAS = {2, 3}
# Of the data sets in the files of NTU RGB+D.
NTU_NUM_CLASSES = {'ntu60': 60, 'ntu120': 120, 'synthetic': 17}
# Of the labels, for semi-supervised training; every prepared folder has them.
LABEL_FRACTIONS = {'1pct': 0.01, '5pct': 0.05, '10pct': 0.1}


def ntu_splits(names: Iterable[str], dataset: str) -> Dict[str, List[str]]:
    """Split clips of NTU RGB+D, or synthetic ones.

    Args:
        names (Iterable[str]): Names of the clips.
        dataset (str): ``'ntu60'`` or ``'synthetic'`` for xsub (by subject)
            and xview (by camera), ``'ntu120'`` for xsub and xset (by setup,
            even ones train).

    Returns:
        dict[str, list[str]]: Names of the clips of xsub_train, xsub_val, and
        so on.
    """
    clips = {name: ntu.parse_name(name) for name in names}
    subjects = NTU_TRAIN_SUBJECTS[dataset]
    split = _halve('xsub', clips, lambda clip: clip['subject'] in subjects)
    if dataset == 'ntu120':
        other = _halve('xset', clips, lambda clip: clip['setup'] % 2 == 0)
    else:
        cameras = NTU_TRAIN_CAMERAS
        other = _halve('xview', clips, lambda clip: clip['camera'] in cameras)
    return {**split, **other}


def nwucla_splits(
    names: Iterable[str], duplicates: Set[str]
) -> Dict[str, List[str]]:
    """Split clips of NW-UCLA.

    Args:
        names (Iterable[str]): Names of the clips.
        duplicates (set[str]): Those that only repeat another clip. In the
            published data such clips of camera 3 leak into the test set of
            xview.

    Returns:
        dict[str, list[str]]: Names of the clips of xview (cameras 1 and 2
        train), xview_dedup (the same without duplicates in the test set) and
        xsub (odd subjects train, no duplicates at all), each with ``_train``
        and ``_val``.
    """
    clips = {name: nwucla.parse_name(name) for name in names}
    unique = {
        name: clip for name, clip in clips.items() if name not in duplicates
    }
    split = _halve('xview', clips, lambda clip: clip['camera'] < 3)
    split['xview_dedup_train'] = split['xview_train']
    split['xview_dedup_val'] = [
        name for name in split['xview_val'] if name in unique
    ]
    split.update(_halve('xsub', unique, lambda clip: clip['subject'] % 2 == 1))
    return split


def find_nwucla_duplicates(digests: Dict[str, bytes]) -> Set[str]:
    """Find the clips of camera 3 that are their clip of camera 2 once more.

    Args:
        digests (dict[str, bytes]): Digest of the raw joints of each clip.
    """
    return {
        name
        for name, digest in digests.items()
        if name.endswith('_v03') and digests.get(name[:-1] + '2') == digest
    }


def stratified_subset(
    names: Sequence[str], labels: Sequence[int], fraction: float, seed: int = 0
) -> List[str]:
    """Choose a fraction of the clips of each class.

    Clips are ranked by a hash of the seed and their name: which are chosen
    depends neither on the order of the names nor on a random generator, and
    the subset of a smaller fraction lies in that of a larger one.

    Args:
        names (Sequence[str]): Names of the clips.
        labels (Sequence[int]): Class of each.
        fraction (float): Of the n clips of a class ``round(fraction * n)``
            are chosen, but at least one. In (0, 1].
        seed (int): Another seed chooses others. Defaults to 0.

    Returns:
        list[str]: The chosen names, in the order of ``names``.

    Raises:
        ValueError: If the fraction is not in (0, 1].
    """
    if not 0 < fraction <= 1:
        raise ValueError(f'the fraction must be in (0, 1], got {fraction:g}')
    return _first_of_each(
        names, labels, lambda n: max(1, round(fraction * n)), seed
    )


def per_class_subset(
    names: Sequence[str], labels: Sequence[int], number: int, seed: int = 0
) -> List[str]:
    """Choose as many clips of each class, as :func:`stratified_subset` does:
    the subset of a smaller number lies in that of a larger one.

    Args:
        names (Sequence[str]): Names of the clips.
        labels (Sequence[int]): Class of each.
        number (int): How many clips of each class.
        seed (int): Another seed chooses others. Defaults to 0.

    Returns:
        list[str]: The chosen names, in the order of ``names``.

    Raises:
        ValueError: If the number is below 1, or a class has less clips;
            names the classes.
    """
    if number < 1:
        raise ValueError(f'a class needs 1 clip or more, got {number}')
    counts = Counter(labels)
    few = {k: n for k, n in sorted(counts.items()) if n < number}
    if few:
        has = [f'class {k} has {n}' for k, n in few.items()]
        more = f' and {len(has) - 5} classes more' if len(has) > 5 else ''
        raise ValueError(
            f'{number} clips of each class are wanted, but '
            f'{", ".join(has[:5])}{more}: take {min(few.values())} or less, '
            'or a fraction'
        )
    return _first_of_each(names, labels, lambda n: number, seed)


def _first_of_each(
    names: Sequence[str],
    labels: Sequence[int],
    how_many: Callable[[int], int],
    seed: int,
) -> List[str]:
    """Of the n clips of each class ``how_many(n)``, the first ones by
    rank."""
    classes = defaultdict(list)
    for name, label in zip(names, labels):
        classes[label].append(name)
    chosen = set()
    for members in classes.values():
        members.sort(key=lambda name: _rank(seed, name))
        chosen.update(members[: how_many(len(members))])
    return [name for name in names if name in chosen]


def with_label_fractions(
    split: Dict[str, List[str]], labels: Dict[str, int]
) -> Dict[str, List[str]]:
    """Add a split for each of ``LABEL_FRACTIONS`` of each training split.

    Args:
        split (dict[str, list[str]]): Names of the clips of each split.
        labels (dict[str, int]): Class of each clip by its name, -1 of those
            without one, which no fraction has.

    Returns:
        dict[str, list[str]]: The splits, then, with seed 0, xsub_train_1pct
        and so on of each that is named train or ends in _train and has
        labels, unless ``split`` brings its own.
    """
    labelled = {
        key: [name for name in names if labels[name] != UNLABELLED]
        for key, names in split.items()
        if key == 'train' or key.endswith('_train')
    }
    fractions = {
        f'{key}_{suffix}': stratified_subset(
            names, [labels[name] for name in names], fraction
        )
        for key, names in labelled.items()
        for suffix, fraction in LABEL_FRACTIONS.items()
    }
    return {**split, **{k: v for k, v in fractions.items() if k not in split}}


def held_out_split(
    values: Dict[str, Any],
    val_fraction: float = 0.25,
    val_values: Optional[Iterable] = None,
    seed: int = 0,
) -> Dict[str, List[str]]:
    """Hold out groups of clips, such as all clips of some subjects.

    Args:
        values (dict[str, Any]): Group of each clip by its name.
        val_fraction (float): Share of the clips that is held out, at least,
            in whole groups, at least one. Which ones depends on the seed and
            their values alone. Defaults to 0.25.
        val_values (iterable, optional): The groups to hold out, in place of a
            fraction; compared as text.
        seed (int): Another seed holds out others. Defaults to 0.

    Returns:
        dict[str, list[str]]: Names of the clips of train and val.

    Raises:
        ValueError: If a value is that of no clip, or one side is empty.
    """
    groups = defaultdict(list)
    for name, value in values.items():
        groups[str(value)].append(name)
    if val_values is None:
        held, num = set(), 0
        for value in sorted(groups, key=lambda value: _rank(seed, value)):
            full = num >= val_fraction * len(values)
            if held and (full or len(held) == len(groups) - 1):
                break
            held.add(value)
            num += len(groups[value])
    else:
        held = {str(value) for value in val_values}
    unknown = sorted(held - set(groups))
    if unknown or len(held) == len(groups):
        some = ', '.join(sorted(groups)[:10])
        raise ValueError(
            f'no clip has {unknown}'
            if unknown
            else f'no clip is left to train on: the only groups are {some}'
        )
    return {
        part: [n for n, value in values.items() if (str(value) in held) == val]
        for part, val in (('train', False), ('val', True))
    }


def load_missing(dataset: str) -> Set[str]:
    """Load the names of samples whose skeletons are missing or incomplete.

    The authors of NTU RGB+D publish them: 302 of NTU-60, 535 of NTU-120.
    None are missing of the synthetic set.

    Args:
        dataset (str): ``'ntu60'``, ``'ntu120'`` or ``'synthetic'``.
    """
    if dataset == 'synthetic':
        return set()
    path = Path(__file__).parent / 'data' / 'ntu_missing_skeletons.json'
    missing = json.loads(path.read_text())
    names = set(missing['ntu60'])
    if dataset == 'ntu120':
        names.update(missing['ntu120_only'])
    return names


def _rank(seed: int, name: str) -> bytes:
    return hashlib.blake2b(f'{seed} {name}'.encode(), digest_size=16).digest()


def _halve(
    split: str, clips: Dict[str, Dict], is_train: Callable[[Dict], bool]
) -> Dict[str, List[str]]:
    return {
        f'{split}_{part}': [
            n for n, c in clips.items() if is_train(c) == is_in
        ]
        for part, is_in in (('train', True), ('val', False))
    }
