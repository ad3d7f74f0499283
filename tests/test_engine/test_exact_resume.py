"""A training that is killed and resumed ends as one that never was."""

import pytest
import torch
from conftest import write_prepared
from helpers import (
    ACTCLR,
    AIMCLR,
    CPM,
    DISTILLATION,
    HYSP,
    IKEM_3M,
    LINEAR,
    PSTL,
    read,
    tiny,
)
from lives import assert_same_end, logged, train

# On either side of the stage switch after epoch 2, of 3 iterations an epoch
# with one rank, and 1 with two.
ITERATIONS = {1: (4, 10), 2: (1, 3)}


def everywhere(ranks):
    first, second = ITERATIONS[ranks]
    return [
        *(('iteration', first), ('validation', 2), ('checkpoint', 3)),
        *(('iteration', second), ('validation', 4)),
    ]


def twice(ranks):
    return [('iteration', number) for number in ITERATIONS[ranks]]


def write_config(path, data_root, work_dir, workers=0, skip_absent=False):
    torch.manual_seed(0)  # of the teacher
    cfg = read(path)
    if 'exchange' in cfg:  # of its own, in the second half
        cfg.model.update(cfg.exchange)
        cfg.find_unused_parameters = True
    cfg = tiny(cfg, data_root, work_dir)
    cfg.train_cfg.update(max_epochs=4, val_interval=1)
    cfg.train_dataloader.drop_last = True
    cfg.default_hooks.checkpoint.update(interval=1, save_best='auto')
    if 'exchange_begin' in cfg.model:
        cfg.model.exchange_begin = 2
    cfg.model.data_preprocessor.skip_absent = skip_absent
    if workers:
        cfg.train_dataloader.update(
            num_workers=workers, persistent_workers=True
        )
    cfg.log_level = 'ERROR'
    file = f'{work_dir}.py'
    cfg.dump(file)
    return file


@pytest.fixture(scope='module')
def short_clips(tmp_path_factory):
    folder = tmp_path_factory.mktemp('short_clips')
    return write_prepared(folder / 'ntu', num_frames=8)


@pytest.fixture(scope='module')
def never_killed(short_clips, tmp_path_factory):
    """Work dirs of trainings that ran through, by config and ranks."""
    folder = tmp_path_factory.mktemp('never_killed')
    work_dirs = {}

    def work_dir(path, ranks, **options):
        key = f'{path.stem}{ranks}{len(options)}'
        if key not in work_dirs:
            name = folder / key
            config = write_config(path, short_clips, name, **options)
            assert train(config, ranks)
            work_dirs[key] = name
        return work_dirs[key]

    return work_dir


@pytest.mark.parametrize(
    'path, ranks, workers, deaths',
    [
        (IKEM_3M, 1, 0, everywhere),
        (IKEM_3M, 1, 4, twice),
        (IKEM_3M, 2, 0, twice),
        (IKEM_3M, 2, 4, everywhere),
        (ACTCLR, 2, 0, twice),
        (DISTILLATION, 1, 0, twice),
        (LINEAR, 1, 0, twice),
        (PSTL, 2, 4, twice),
        (HYSP, 1, 0, twice),
        pytest.param(AIMCLR, 1, 0, twice, marks=pytest.mark.long),
        pytest.param(CPM, 2, 0, twice, marks=pytest.mark.long),
    ],
)
def test_killed_and_resumed(
    path, ranks, workers, deaths, never_killed, short_clips, tmp_path
):
    work_dir = tmp_path / 'killed'
    config = write_config(path, short_clips, work_dir, workers)
    for death in deaths(ranks):
        assert not train(config, ranks, death)
    assert train(config, ranks)
    whole = never_killed(path, ranks)
    assert len(logged(whole)) == 4 * (1 + 3 // ranks)
    assert_same_end(work_dir, whole, 'epoch_4.pth')


@pytest.mark.long
def test_without_absent_persons(never_killed, short_clips, tmp_path):
    work_dir, options = tmp_path / 'killed', dict(skip_absent=True)
    config = write_config(IKEM_3M, short_clips, work_dir, **options)
    for death in twice(2):
        assert not train(config, 2, death)
    assert train(config, 2)
    whole = never_killed(IKEM_3M, 2, **options)
    assert_same_end(work_dir, whole, 'epoch_4.pth')
