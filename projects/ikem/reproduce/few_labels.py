"""What a pre-training is worth with few labels: a suite that is made from
arguments, ``tools/few_labels.py``.

A seed draws labels, which all rows share, and initialises anew.
"""

import os
from dataclasses import dataclass, field
from pathlib import Path
from typing import Dict, List, NamedTuple, Optional, Sequence, Tuple

from torch import nn

from ikem_cli.choices import FEW_LABEL_ROWS
from projects.ikem.checkpoint import find_checkpoint
from projects.ikem.datasets.label_subsets import (
    LabelAmount,
    add_label_subsets,
)
from projects.ikem.datasets.prepared import read_annotations
from projects.ikem.datasets.prepared_checks import UNLABELLED
from projects.ikem.files import written_aside

from .few_label_configs import SPLIT, classifier_config, load_pretraining
from .few_label_works import Encoding, FrozenFeatures, JointBaselines
from .options import as_arguments, config_with
from .reproduce import carry_out, locked
from .suite import ResultTable, Row, Run, Suite
from .work import Training, Work

TABLE = 'few-labels'


class _Measured(NamedTuple):
    """What a row shows: its title, the kind of its run, and what that
    measures; None is the accuracy of a training."""

    title: str
    kind: str
    metric: Optional[str] = None


ROWS = dict(
    finetuned=_Measured('fine-tuned', 'finetuned'),
    scratch=_Measured('from scratch', 'scratch'),
    linear=_Measured('linear, frozen features', 'frozen', 'linear'),
    knn=_Measured('nearest neighbour, frozen features', 'frozen', 'knn1'),
    propagation=_Measured(
        'label propagation, frozen features', 'frozen', 'propagation'
    ),
    ridge=_Measured('ridge on joints', 'joints', 'ridge'),
    nn=_Measured('nearest neighbour on joints', 'joints', 'nn1'),
)
# The quick ones are done first.
_KINDS = dict(
    frozen=FrozenFeatures,
    joints=JointBaselines,
    finetuned=Training,
    scratch=Training,
)


@dataclass
class FewLabels:
    """What is to be measured.

    Args:
        data (str): The prepared folder; it gets splits of the labels.
        config (str): Path of the config of a pre-training.
        checkpoint (str): Its checkpoint, or its work dir.
        amounts (list[LabelAmount]): How many labels, the columns.
        seeds (list[int]): Seeds.
        rows (sequence[str]): Keys of :data:`ROWS`. Defaults to all.
        train (str, optional): The split that labels are drawn from. Defaults
            to that of the training in the config.
        val (str, optional): The split to classify. Defaults to that of the
            test in the config.
        epochs (int): Epochs of each training. Defaults to 100.
        amp (bool): Whether trainings use ``--amp``. Defaults to False.
        options (list[str]): ``--cfg-options`` of the trainings. Defaults to
            none.

    Raises:
        FileNotFoundError: If there is no such checkpoint.
        ValueError: If the config cannot be read or names no split.
    """

    data: str
    config: str
    checkpoint: str
    amounts: List[LabelAmount]
    seeds: List[int]
    rows: Sequence[str] = FEW_LABEL_ROWS
    train: Optional[str] = None
    val: Optional[str] = None
    epochs: int = 100
    amp: bool = False
    options: List[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.amounts = list(dict.fromkeys(self.amounts))
        self.seeds = list(dict.fromkeys(self.seeds))
        self.checkpoint = find_checkpoint(self.checkpoint)
        cfg = config_with(self.config, {})
        for part, loader in (('train', 'train'), ('val', 'test')):
            dataset = (cfg.get(f'{loader}_dataloader') or {}).get('dataset')
            split = getattr(self, part) or (dataset or {}).get('split')
            if split is None:
                raise ValueError(
                    f'{self.config} names no split to {loader}: give --{part}'
                )
            setattr(self, part, split)


def measure_few_labels(
    task: FewLabels,
    folder: Path,
    root: Path,
    command: List[str],
    jobs: int = 1,
    trainer: Path = Work.trainer,
) -> int:
    """Run what is missing, and write the table.

    Args:
        task (FewLabels): What is to be measured.
        folder (Path): Where runs and the table go.
        root (Path): Folder in which trainings are run.
        command (list[str]): The command line, which the table shows.
        jobs (int): Runs at a time. Defaults to 1.
        trainer (Path): The script that trains. Defaults to
            ``tools/train.py``.

    Returns:
        int: Exit status: 0 if the table is complete, 1 if a result is
        missing, 130 if a signal stopped it.

    Raises:
        FileNotFoundError: If a file is missing.
        RuntimeError: If the checkpoint does not fit to the config.
        ValueError: If config, data and labels do not go together, or
            something is running in the folder.
    """
    # --cfg-options and file names of trainings take no blanks
    as_arguments(
        {
            '--train': task.train,
            '--work-dir': os.path.relpath(folder, root),
            'model.pretrained': os.path.relpath(task.checkpoint, root),
        }
    )
    folder.mkdir(parents=True, exist_ok=True)
    with locked(folder) as lock:
        suite, works = plan_few_labels(task, folder, root, trainer)
        return carry_out(
            suite, works, [TABLE], lambda name: command, folder, jobs, lock
        )


def plan_few_labels(
    task: FewLabels, folder: Path, root: Path, trainer: Path = Work.trainer
) -> Tuple[Suite, List[Work]]:
    """The runs as a suite, and each with each seed; adds the splits to the
    prepared folder, and writes the config of the trainings.

    See :func:`measure_few_labels`.
    """
    model = load_pretraining(task)
    _check_splits(task)
    cfg = classifier_config(task, model)
    amounts, seeds = task.amounts, task.seeds
    chosen = add_label_subsets(task.data, task.train, amounts, seeds)
    sizes = {  # the same for each seed
        amount.name: len(chosen[amount.split(task.train, seeds[0])])
        for amount in amounts
    }
    config = folder / 'classifier.py'
    with written_aside(config) as file:
        file.write_text(cfg.pretty_text)
    encoding = Encoding(_features(task, root), None, folder, root, {})
    works: List[Work] = [encoding]
    for seed in seeds:
        for amount in amounts:
            for kind, run in _runs(task, amount, seed, config).items():
                needs = dict.fromkeys(run.checkpoint_of, encoding)
                place = folder, root, needs, trainer
                works.append(_KINDS[kind](run, seed, *place))
    runs = {work.run.name: work.run for work in works}
    table = _table(task, model, sizes, cfg.train_cfg.max_epochs)
    suite = Suite(TABLE, runs, {TABLE: table}, {})
    needed = {run.name for run in suite.needed([TABLE])}
    return suite, [work for work in works if work.run.name in needed]


def _features(task: FewLabels, root: Path) -> Run:
    """The run of :class:`Encoding`."""
    checkpoint = os.path.relpath(task.checkpoint, root)
    return Run(
        'features',
        os.path.abspath(task.config),
        dict(data=task.data, checkpoint=checkpoint),
    )


def _runs(
    task: FewLabels, amount: LabelAmount, seed: int, config: Path
) -> Dict[str, Run]:
    """The runs of a column with a seed, by kind."""
    labels = amount.split(task.train, seed)
    training = dict(
        config=str(config),
        options={SPLIT: labels},
        amp=task.amp,
    )
    options = dict(
        data=task.data, labels=labels, train=task.train, val=task.val
    )
    of_kind = dict(
        frozen=dict(
            config=os.path.abspath(task.config),
            options=options,
            checkpoint_of=dict(features='features'),
        ),
        joints=dict(baselines=task.data, options=options),
        finetuned=dict(
            training, checkpoint_of={'model.pretrained': 'features'}
        ),
        scratch=training,
    )
    return {
        kind: Run(f'{kind}_{amount.name}', **of_kind[kind]) for kind in _KINDS
    }


def _table(
    task: FewLabels, model: nn.Module, sizes: Dict[str, int], epochs: int
) -> ResultTable:
    """The table, of columns with so many labels by name."""
    accuracy = 'fused_top1' if len(model.modalities) > 1 else 'top1'
    rows = [
        Row(title, f'{kind}_{{column}}', metric or f'acc/{accuracy}')
        for title, kind, metric in (ROWS[name] for name in task.rows)
    ]
    labels = ', '.join(f'{num} ({name})' for name, num in sizes.items())
    num = len(read_annotations(task.data)['split'][task.train])
    return ResultTable(
        f'Few labels: {task.val} of {Path(task.data).name}',
        list(sizes),
        rows,
        note=f'Labels of the {num} clips of {task.train}: {labels}; others '
        'for each seed, the same for all rows. Linear is a logistic '
        f'regression; labels propagate over all of {task.train}, '
        f'{task.val} takes no part; trainings have {epochs} epochs.',
        best=False,
    )


def _check_splits(task: FewLabels) -> None:
    """The clips to classify are others than those to learn from, and have
    labels.

    Raises:
        ValueError: If not.
    """
    meta = read_annotations(task.data)
    for part in (task.train, task.val):
        if part not in meta['split']:
            raise ValueError(
                f'{task.data} has no split {part!r}: choose one of '
                f'{sorted(meta["split"])} by --train and --val'
            )
    both = {*meta['split'][task.train]} & {*meta['split'][task.val]}
    if both:
        raise ValueError(
            f'{len(both)} clips, such as {min(both)!r}, are in {task.train} '
            f'and in {task.val}, which is to be classified: give other '
            '--train and --val'
        )
    val = {*meta['split'][task.val]}
    if all(
        clip['label'] == UNLABELLED
        for clip in meta['annotations']
        if clip['frame_dir'] in val
    ):
        raise ValueError(f'no clip of {task.val} of {task.data} has a label')
