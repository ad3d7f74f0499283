import pytest
import torch
from helpers import IKEM_3M, LINEAR, SKELETONCLR_JOINT, tiny
from mmengine.dataset import ConcatDataset, DefaultSampler, RepeatDataset
from mmengine.runner import Runner
from torch.utils.data import DataLoader

from projects.ikem.datasets import SkeletonDataset
from projects.ikem.engine.hooks import data_check_hook
from projects.ikem.engine.unwrap import dataset_parts


@pytest.mark.parametrize(
    'path, command',
    [(SKELETONCLR_JOINT, 'train'), (LINEAR, 'train'), (LINEAR, 'test')],
)
def test_data_of_another_skeleton_are_refused(
    path, command, prepared_nwucla, tmp_path
):
    cfg = tiny(path, prepared_nwucla, tmp_path)
    runner = Runner.from_cfg(cfg)
    with pytest.raises(ValueError, match="'kinect-20'"):
        getattr(runner, command)()


@pytest.mark.parametrize('name', ['train', 'val', 'test'])
def test_labels_are_checked_in_all_data_sets(prepared_ntu, tmp_path, name):
    cfg = tiny(LINEAR, prepared_ntu, tmp_path)
    cfg.model.num_classes = 2  # of 3
    loaders = [cfg[f'{x}_dataloader'] for x in ('train', 'val', 'test')]
    for loader in loaders:
        loader.dataset.indices = [0, 1]  # clips of the first two classes
    cfg[f'{name}_dataloader'].dataset.indices = [0, 1, 2]
    runner = Runner.from_cfg(cfg)
    with pytest.raises(ValueError, match='label 2'):
        runner.test() if name == 'test' else runner.train()


def test_the_toolbox_format_keeps_all_persons(prepared_ntu, prepared_nwucla):
    def check(data_root, *pipeline):
        dataset = SkeletonDataset(data_root, pipeline=list(pipeline))
        data_check_hook.check_format(dataset)

    toolbox = dict(type='FormatGCNInput', num_person=1)
    check(prepared_nwucla, toolbox)
    check(prepared_ntu, dict(toolbox, num_person=2))
    with pytest.raises(ValueError, match='num_person=2'):
        check(prepared_ntu, toolbox)
    views = dict(type='MultiView', transforms=[])
    check(prepared_ntu, views, dict(type='PackSkeleton'))
    with pytest.raises(ValueError, match='PackSkeleton'):
        check(prepared_ntu, views, dict(toolbox, num_person=2))


def test_the_toolbox_format_does_not_take_views(prepared_ntu):
    """Without the hook it fails as well, whatever the numbers are."""
    for num_views in (1, 2, 3):
        pipeline = [
            dict(type='MultiView', transforms=[], num_views=num_views),
            dict(type='FormatGCNInput', num_person=2),
        ]
        with pytest.raises(ValueError, match='unpack'):
            SkeletonDataset(prepared_ntu, pipeline=pipeline)[0]


def test_parts_of_a_data_set(prepared_ntu):
    train, val = (
        SkeletonDataset(prepared_ntu, split=f'xsub_{part}')
        for part in ('train', 'val')
    )
    both = ConcatDataset([train, val])
    assert list(dataset_parts(both)) == [train, val]
    assert list(dataset_parts(RepeatDataset(val, 2))) == [val]


def loader(batch_size, drop_last, num=11):
    data = list(range(num))
    sampler = DefaultSampler(data, shuffle=False)
    return DataLoader(data, batch_size, sampler=sampler, drop_last=drop_last)


@pytest.mark.parametrize(
    'mine, other, message',
    [
        (loader(4, False), [3, 10], r'batches of each rank: \[3, 3\]'),
        (loader(4, True), [1, 0], r'batches of each rank: \[2, 1\]'),
        (loader(4, True), [0, 0], 'an epoch has no batch'),
        (loader(12, True), [0, 0], 'batch_size=12 leave nothing of 11 clips'),
    ],
)
def test_batches_of_two_ranks(monkeypatch, mine, other, message):
    """Ranks that do not fit are refused, whichever of them is asked."""
    monkeypatch.setattr(
        data_check_hook, 'all_gather', lambda x: [x, torch.tensor(other)]
    )
    with pytest.raises(ValueError, match=message):
        data_check_hook.check_batches(mine)


@pytest.mark.parametrize(
    'mine, other', [(loader(4, False), [3, 11]), (loader(4, True), [2, 0])]
)
def test_equal_shares_are_admitted(monkeypatch, mine, other):
    """With drop_last the shares may differ by what is dropped."""
    data_check_hook.check_batches(mine)
    monkeypatch.setattr(
        data_check_hook, 'all_gather', lambda x: [x, torch.tensor(other)]
    )
    data_check_hook.check_batches(mine)


@pytest.mark.parametrize(
    'transforms, fine',
    [
        ([dict(type='GenSkeFeat', feats=['j'])], True),
        ([dict(type='GenSkeFeat', feats=['b'])], False),
        ([dict(type='JointToBone')], False),
        ([dict(type='JointToBone', target='b')], True),
        ([dict(type='ToMotion', target='keypoint')], False),
        ([dict(type='GenModality', modality='bone')], False),
    ],
)
@pytest.mark.parametrize('by_transform', [False, True])
def test_modalities_of_what_are_no_joints(
    prepared_ntu, tmp_path, transforms, fine, by_transform
):
    """Derived by the model, or by a transform for a model of the toolbox."""
    cfg = tiny(SKELETONCLR_JOINT, prepared_ntu, tmp_path)
    model = Runner.from_cfg(cfg).model
    if by_transform:
        model.data_preprocessor = torch.nn.Identity()
        transforms = [*transforms, dict(type='GenModality', modality='joint')]
    dataset = SkeletonDataset(
        prepared_ntu, pipeline=[*transforms, dict(type='PackSkeleton')]
    )
    if fine:
        data_check_hook.check_joints(dataset, model)
        return
    with pytest.raises(ValueError, match='joints'):
        data_check_hook.check_joints(dataset, model)


def test_modalities_of_modalities_are_refused_clip_by_clip(prepared_ntu):
    """Where no hook looks, as in the toolbox's own tools."""
    for before in (
        dict(type='GenModality', modality='bone'),
        dict(type='GenSkeFeat', feats=['b']),
    ):
        after = dict(type='GenModality', modality='rotation_axis')
        dataset = SkeletonDataset(prepared_ntu, pipeline=[before, after])
        with pytest.raises(ValueError, match='rotation_axis'):
            dataset[0]


@pytest.mark.parametrize(
    'options, words',
    [
        ({}, []),
        (dict(bank_size=13), ['bank_size']),
        (dict(milestones=[3, 4]), ['milestones']),
        (dict(bank_size=12, milestones=[3]), []),
    ],
)
def test_what_is_hardly_meant_is_warned_of(
    prepared_ntu, tmp_path, monkeypatch, options, words
):
    cfg = tiny(IKEM_3M, prepared_ntu, tmp_path)
    cfg.train_cfg.max_epochs = 4
    cfg.model.bank_size = 12  # as many as there are clips
    cfg.param_scheduler[0].milestones = options.pop('milestones', [3])
    cfg.model.update(options)
    runner = Runner.from_cfg(cfg)
    seen = []

    def look(runner, model):
        seen.extend(doubts(runner, model))
        raise StopIteration

    doubts = data_check_hook.doubts_of_training
    monkeypatch.setattr(data_check_hook, 'doubts_of_training', look)
    with pytest.raises((StopIteration, RuntimeError)):
        runner.train()
    assert len(seen) == len(words)
    assert all(word in line for word, line in zip(words, seen))
