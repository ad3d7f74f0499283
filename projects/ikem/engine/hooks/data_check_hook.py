from numbers import Integral
from typing import Dict, Iterator

import torch
from mmaction.datasets.transforms import (
    FormatGCNInput,
    GenSkeFeat,
    JointToBone,
    ToMotion,
)
from mmaction.registry import HOOKS
from mmengine.dataset import BaseDataset
from mmengine.dist import all_gather
from mmengine.hooks import Hook
from mmengine.runner import BaseLoop, EpochBasedTrainLoop, Runner
from torch import nn
from torch.utils.data import DataLoader

from projects.ikem.datasets.transforms import GenModality, MultiView
from projects.ikem.engine.unwrap import dataset_parts, unwrap
from projects.ikem.models.data_preprocessor import ModalityDataPreprocessor
from projects.ikem.skeletons import get_layout


@HOOKS.register_module()
class DataCheckHook(Hook):
    """Refuse data that do not fit the model, before the first batch does.

    Of all data sets that are used, training, validation and test: their
    skeleton layout, their labels, and pipelines that end in the toolbox's
    ``FormatGCNInput`` or leave other features than joints. Of the training
    also whether there are batches, and as many on each rank; the log warns of
    a memory bank larger than the set, and of milestones beyond the end.

    Prepared folders say which skeleton layout they have. Layouts of one
    skeleton that differ in their bones alone, such as ``'ntu-25'`` and
    ``'ntu-25-crossclr'``, go together.
    """

    def before_run(self, runner: Runner) -> None:
        """Check the data of the training or the test.

        Args:
            runner (Runner): The runner.

        Raises:
            ValueError: If they do not fit.
        """
        model = unwrap(runner.model)
        for loop in (runner._train_loop, runner._val_loop, runner._test_loop):
            if isinstance(loop, BaseLoop):  # else a config
                for dataset in dataset_parts(loop.dataloader.dataset):
                    check_layout(dataset, model)
                    check_joints(dataset, model)
                    check_format(dataset)
                    check_labels(dataset, model)
        if isinstance(runner._train_loop, EpochBasedTrainLoop):
            check_batches(runner._train_loop.dataloader)
            for doubt in doubts_of_training(runner, model):
                runner.logger.warning(doubt)


def check_layout(dataset: BaseDataset, model: nn.Module) -> None:
    """Check the number of joints.

    Raises:
        ValueError: If it differs.
    """
    ours = getattr(model.data_preprocessor, 'layout', None)
    meta: Dict = dataset.metainfo
    if ours is None or 'layout' not in meta:
        return
    theirs = get_layout(meta['layout'])
    if theirs.num_joints != ours.num_joints:
        raise ValueError(
            f'the data set {meta["dataset"]!r} has the skeleton layout '
            f'{theirs.name!r} with {theirs.num_joints} joints, the model '
            f'{ours.name!r} with {ours.num_joints}: set layout in '
            'model.data_preprocessor'
        )


def check_format(dataset: BaseDataset) -> None:
    """Check a pipeline with ``FormatGCNInput`` instead of ``PackSkeleton``.

    Raises:
        ValueError: If it would cut off persons of a prepared folder, or does
            not understand the views of :class:`MultiView`.
    """
    persons = dataset.metainfo.get('num_persons', 0)
    transforms = dataset.pipeline.transforms
    for i, transform in enumerate(transforms):
        if not isinstance(transform, FormatGCNInput):
            continue
        if any(isinstance(before, MultiView) for before in transforms[:i]):
            raise ValueError(
                f'the pipeline of {_name(dataset)} has FormatGCNInput after '
                'MultiView, whose views it does not take: end it with '
                "dict(type='PackSkeleton') instead of FormatGCNInput and "
                'PackActionInputs'
            )
        if transform.num_person < persons:
            raise ValueError(
                f'{_name(dataset)} has clips of {persons} persons, of which '
                f'FormatGCNInput would drop all but {transform.num_person}: '
                f'set num_person={persons} of FormatGCNInput in the '
                "pipelines, or end them with dict(type='PackSkeleton')"
            )


def check_joints(dataset: BaseDataset, model: nn.Module) -> None:
    """Check that modalities are derived from joints.

    Raises:
        ValueError: If a transform of the toolbox makes other features of
            them before.
    """
    derives = isinstance(model.data_preprocessor, ModalityDataPreprocessor)
    for transform in reversed(dataset.pipeline.transforms):
        if isinstance(transform, GenModality):
            if derives:
                break
            derives = True
        replaced = (
            getattr(transform, 'feats', ['j']) != ['j']
            if isinstance(transform, GenSkeFeat)
            else isinstance(transform, (JointToBone, ToMotion))
            and transform.target == 'keypoint'
        )
        if derives and replaced:
            break
    else:
        return
    raise ValueError(
        f'modalities are derived from joints, but {type(transform).__name__} '
        f'in the pipeline of {_name(dataset)} makes something else of them: '
        'take it out'
    )


def doubts_of_training(runner: Runner, model: nn.Module) -> Iterator[str]:
    """What is allowed, but hardly meant."""
    loop = runner._train_loop
    num = len(loop.dataloader.dataset)
    for name in ('', 'exchange_space.'):
        owner = getattr(model, name.rstrip('.'), None) if name else model
        bank = getattr(owner, 'bank', None)
        if bank is not None and bank.size > num:
            yield (
                f'the memory bank has {bank.size} keys, the training {num} '
                f'clips: each clip is held {bank.size / num:.1f} times, its '
                f'own older keys are negatives; lower model.{name}bank_size '
                f'to less than {num}'
            )
    epochs = loop.max_epochs
    schedulers = runner.param_schedulers or []
    if isinstance(schedulers, dict):  # by optimiser
        schedulers = [s for group in schedulers.values() for s in group]
    for scheduler in schedulers:
        end = epochs if scheduler.by_epoch else loop.max_iters
        beyond = [
            number
            for number in getattr(scheduler, 'milestones', ())
            if number >= end
        ]
        if beyond:
            yield (
                f'milestones {beyond} of {type(scheduler).__name__} are not '
                f'before the end of the training, {end}, and do nothing: set '
                'param_scheduler.0.milestones'
            )


def check_labels(dataset: BaseDataset, model: nn.Module) -> None:
    """Check that the labels are classes of a classifier.

    Raises:
        ValueError: If one is not.
    """
    head = getattr(model, 'cls_head', model)  # of the toolbox's recognizers
    classes = getattr(head, 'num_classes', None)
    if classes is None:  # pre-training takes no labels
        return
    for i in range(len(dataset)):
        # of the base class: the dataset's own would read the joints
        clip = BaseDataset.get_data_info(dataset, i)
        label = clip.get('label')
        if isinstance(label, Integral) and not 0 <= label < classes:
            raise ValueError(
                f'clip {clip.get("frame_dir")!r} of {_name(dataset)} has the '
                f'label {label}, the model has the classes 0 to {classes - 1}:'
                ' correct the label, or set model.num_classes'
            )


def check_batches(loader: DataLoader) -> None:
    """Check that an epoch has batches, and all ranks as many as large.

    Raises:
        ValueError: If there are none, or ranks differ; they would wait for
            each other for ever.
    """
    # where the last batch is dropped, all are of one size
    clips = 0 if loader.drop_last else len(loader.sampler)
    ranks = all_gather(torch.tensor([len(loader), clips]))
    batches = [count for count, _ in torch.stack(ranks).tolist()]
    if min(batches) == 0:
        raise ValueError(
            f'an epoch has no batch: drop_last=True and batch_size='
            f'{loader.batch_size} leave nothing of {len(loader.sampler)} '
            'clips a rank: lower train_dataloader.batch_size, or set '
            'train_dataloader.drop_last=False'
        )
    if any(not torch.equal(rank, ranks[0]) for rank in ranks):
        raise ValueError(
            f'the ranks train on different numbers of clips (batches of each '
            f'rank: {batches}): set round_up=True of '
            'train_dataloader.sampler, or train_dataloader.drop_last=True '
            'where the numbers of batches are the same'
        )


def _name(dataset: BaseDataset) -> str:
    split = getattr(dataset, 'split', None)
    return dataset.ann_file + (f', split {split!r},' if split else '')
