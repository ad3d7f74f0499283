"""Transforms of which each epoch has some."""

import numpy as np
import pytest
import torch
from mmaction.registry import DATASETS, TRANSFORMS
from mmengine.runner import Runner

ACTCLR = [(0, 'all'), (100, 3), (200, 1), (300, 0)]
STRONG = [
    dict(type='RandomJointFlip'),
    dict(type='RandomRotation'),
    dict(type='RandomGaussianNoise'),
    dict(type='RandomTemporalFilter'),
    dict(type='RandomAxisMask'),
    dict(type='RandomResample'),
    dict(type='RandomBoneRescale'),
]


def build(name, **kwargs):
    return TRANSFORMS.build(dict(type=name, **kwargs))


class Mark:
    """Appends its number to the keypoints' list."""

    def __init__(self, number):
        self.number = number

    def __call__(self, results):
        results['marks'] = (*results.get('marks', ()), self.number)
        return results


def chosen(epoch, sample=0, seed=1, total=7, **kwargs):
    subset = build(
        'ScheduledSubset',
        transforms=[Mark(i) for i in range(total)],
        **{'schedule': ACTCLR, **kwargs},
    )
    results = subset(dict(rng_key=(seed, epoch, sample, 2)))
    return results.get('marks', ())


def test_numbers_follow_the_schedule():
    for epoch, number in (
        *((0, 7), (99, 7), (100, 3), (199, 3)),
        *((200, 1), (299, 1), (300, 0), (349, 0)),
    ):
        marks = chosen(epoch)
        assert len(marks) == number and list(marks) == sorted(set(marks))


def test_all_clips_of_an_epoch_have_the_same_transforms():
    for epoch in (120, 121):
        assert len({chosen(epoch, sample) for sample in range(20)}) == 1
    choices = [chosen(epoch) for epoch in range(100, 200)]
    assert len(set(choices)) > 20  # of 35
    counts = np.bincount([i for marks in choices for i in marks])
    assert (np.abs(counts - 300 / 7) < 20).all()


def test_slots_and_seeds_choose_on_their_own():
    epochs = range(100, 140)

    def choices(**kwargs):
        return [chosen(epoch, **kwargs) for epoch in epochs]

    assert choices() == choices(slot=0)
    for other in (dict(slot=1), dict(seed=2)):
        same = [a == b for a, b in zip(choices(), choices(**other))]
        assert sum(same) < 10


def test_without_an_epoch_the_error_says_what_to_do():
    subset = build('ScheduledSubset', transforms=[], schedule=[(0, 'all')])
    for given in (dict(), dict(rng_key=(3,))):
        with pytest.raises(ValueError, match="'x'.* DatasetEpochHook"):
            subset(dict(given, frame_dir='x'))


@pytest.mark.parametrize(
    'schedule, match',
    [
        ([], 'from epoch 0 on'),
        ([(1, 'all')], 'from epoch 0 on'),
        ([(0, 1), (5, 0), (3, 1)], 'in order'),
        ([(0, 8)], 'wants 8 of 7'),
        ([(0, -1)], 'wants -1 of 7'),
        ([(0, 'some')], "wants 'some' of 7"),
    ],
)
def test_schedules_that_cannot_be(schedule, match):
    with pytest.raises(ValueError, match=match):
        chosen(0, schedule=schedule)


def four_views():
    """ActCLR's views, of which none is augmented from epoch 300 on."""
    base = dict(
        type='ScheduledSubset',
        transforms=[dict(type='RandomTemporalCrop'), dict(type='RandomShear')],
        schedule=[(0, 'all'), (300, 0)],
    )
    strong, normal = (
        dict(
            type='ScheduledSubset',
            transforms=STRONG[:n],
            schedule=[(0, 'all'), (100, n // 2), (300, 0)],
            slot=slot,
        )
        for slot, n in enumerate((7, 5))
    )
    return dict(
        type='MultiView',
        transforms=[[base, strong], [base, normal], [base]],
        num_views=[1, 1, 2],
    )


def epoch_of_views(data_root, epoch, num_workers):
    dataset = DATASETS.build(
        dict(
            type='SkeletonDataset',
            data_root=data_root,
            split='xsub_train',
            pipeline=[four_views(), dict(type='PackSkeleton')],
        )
    )
    dataset.set_epoch(5, epoch)
    loader = Runner.build_dataloader(
        dict(
            batch_size=4,
            num_workers=num_workers,
            dataset=dataset,
            sampler=dict(type='DefaultSampler', shuffle=False),
        ),
        seed=0,
    )
    return torch.stack([x for batch in loader for x in batch['inputs']])


def test_views_of_any_number_of_workers_are_the_same(prepared_ntu):
    for epoch in (0, 150):
        views = epoch_of_views(prepared_ntu, epoch, 0)
        assert views.shape[:2] == (12, 4) and views.isfinite().all()
        assert (views[:, :1] != views[:, 1:]).flatten(2).any(2).all()
        for num_workers in (1, 2):
            again = epoch_of_views(prepared_ntu, epoch, num_workers)
            assert torch.equal(views, again)
    last = epoch_of_views(prepared_ntu, 300, 0)
    assert torch.equal(last, last[:, :1].expand_as(last))
