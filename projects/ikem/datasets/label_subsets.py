"""Subsets of the labels of a split of a prepared folder, as splits."""

from itertools import product
from typing import Dict, Iterable, List, NamedTuple, Optional

from .prepared import add_splits, read_annotations
from .prepared_checks import UNLABELLED
from .splits import per_class_subset, stratified_subset


class LabelAmount(NamedTuple):
    """How many labels, one of both.

    Args:
        per_class (int, optional): Clips of each class.
        fraction (float, optional): Share of the clips of each class, at
            least one of each.
    """

    per_class: Optional[int] = None
    fraction: Optional[float] = None

    @property
    def name(self) -> str:
        """What names of splits end with, ``3perclass`` or ``10pct``."""
        if self.per_class is not None:
            return f'{self.per_class}perclass'
        return f'{100 * self.fraction:g}pct'

    def split(self, whole: str, seed: int = 0) -> str:
        """Name of the subset of a split, such as ``xsub_train_3perclass``,
        and ``xsub_train_3perclass_seed1`` of another seed than 0."""
        return f'{whole}_{self.name}' + (f'_seed{seed}' if seed else '')


def choose_labels(
    meta: Dict, whole: str, amount: LabelAmount, seed: int = 0
) -> List[str]:
    """Clips of a split whose labels count.

    Args:
        meta (dict): Annotations of a prepared folder.
        whole (str): Name of the split.
        amount (LabelAmount): How many of each class.
        seed (int): Another seed chooses others. Defaults to 0.

    Returns:
        list[str]: Their names; clips without a label are not among them.

    Raises:
        ValueError: If there is no such split, it has no labels, or less of a
            class than are wanted; see :func:`per_class_subset` and
            :func:`stratified_subset`.
    """
    if whole not in meta['split']:
        raise ValueError(
            f'no split {whole!r}: choose one of {sorted(meta["split"])}'
        )
    label = {clip['frame_dir']: clip['label'] for clip in meta['annotations']}
    names = [n for n in meta['split'][whole] if label[n] != UNLABELLED]
    if not names:
        raise ValueError(f'no clip of split {whole!r} has a label')
    labels = [label[name] for name in names]
    if amount.per_class is not None:
        return per_class_subset(names, labels, amount.per_class, seed)
    return stratified_subset(names, labels, amount.fraction, seed)


def add_label_subsets(
    folder,
    whole: str,
    amounts: Iterable[LabelAmount],
    seeds: Iterable[int] = (0,),
) -> Dict[str, List[str]]:
    """Add such subsets to a prepared folder as splits, all of them or none.

    Args:
        folder (str | PathLike): The prepared folder.
        whole (str): Name of the split.
        amounts (iterable[LabelAmount]): How many of each class.
        seeds (iterable[int]): Each chooses others. Defaults to 0 alone.

    Returns:
        dict[str, list[str]]: Names of the clips by that of the split,
        :meth:`LabelAmount.split`.

    Raises:
        FileNotFoundError: If the folder or a file of it is missing.
        OSError: If it cannot be written.
        ValueError: As of :func:`choose_labels`, or if the folder has a split
            of such a name with other clips.
    """
    meta = read_annotations(folder)
    try:
        chosen = {
            amount.split(whole, seed): choose_labels(meta, whole, amount, seed)
            for amount, seed in product(amounts, seeds)
        }
    except ValueError as error:
        raise ValueError(f'{folder}: {error}') from error
    add_splits(folder, chosen)
    return chosen
