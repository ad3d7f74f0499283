"""The suite files of configs/suites fit the configs that they name."""

import pytest
from helpers import CONFIGS, ROOT

from projects.ikem.models.modalities import MODALITIES
from projects.ikem.reproduce.options import unknown_options
from projects.ikem.reproduce.suite import load_suite
from projects.ikem.reproduce.work import Training, plan

NAMES = sorted(path.stem for path in (CONFIGS / 'suites').glob('*.py'))
PAPER = ['ntu120', 'ntu60', 'nwucla', 'synthetic']  # with its tables


def works_of(name, seed=0):
    suite = load_suite(CONFIGS / 'suites' / f'{name}.py')
    folder = ROOT / 'work_dirs/suites' / name
    works = plan(suite.needed(list(suite.tables)), [seed], folder, ROOT)
    return suite, {work.run.name: work for work in works}


@pytest.fixture(params=NAMES)
def suite_and_works(request):
    return works_of(request.param)


def trainings(works):
    return [w for w in works.values() if isinstance(w, Training)]


def test_names():
    assert NAMES == [*PAPER[:3], 'quickstart', *PAPER[3:]]


def test_configs_and_options_exist(suite_and_works):
    _, works = suite_and_works
    for work in trainings(works):
        path = ROOT / work.run.config
        assert path.is_file(), path
        assert unknown_options(path, work.options) == [], work.name


def test_every_run_is_needed_and_all_data_can_be_made(suite_and_works):
    suite, works = suite_and_works
    assert set(works) == set(suite.runs)
    used = {data for work in works.values() for data in work.data()}
    assert used == set(suite.data)
    assert all(f' {data}' in suite.data[data] for data in used)


@pytest.mark.parametrize('name', PAPER)
def test_tables_of_the_paper(name):
    assert list(works_of(name)[0].tables) == ['1a', '1b', '1c', '1d']


def test_tables_read_what_is_logged(suite_and_works):
    suite, works = suite_and_works
    for table in suite.tables.values():
        for row in table.rows.values():
            for column in table.columns:
                assert row.metric_of(column) in logged(
                    works[row.run_of(column)], column
                )


def logged(work, column):
    if not isinstance(work, Training):
        return [f'{column}/ridge', f'{column}/nn1']
    assert work.config().val_dataloader.dataset.split == f'{column}_val'
    modalities = work.config().model.data_preprocessor.modalities
    if len(modalities) == 1:
        return ['acc/top1']
    return [f'acc/{name}_top1' for name in (*modalities, 'fused')]


def test_checkpoints_fit(suite_and_works):
    """Encoders are evaluated, and taught by, at the size, on the split and
    on the data that they were trained with."""
    _, works = suite_and_works
    for work in trainings(works):
        cfg = work.config()
        for key, need in work.needs.items():
            trained = need.config()
            model = cfg.model
            for part in key.split('.')[1:-1]:
                model = model[part]
            # a teacher's backbone is that of its students
            backbone = model.get('backbone', cfg.model.backbone)
            assert sizes(backbone) == sizes(trained.model.backbone)
            ours, its = cfg.train_dataloader, trained.train_dataloader
            assert ours.dataset.split == its.dataset.split
            assert ours.dataset.data_root == its.dataset.data_root
            needed = model.get('modalities')
            needed = needed or model.data_preprocessor.modalities
            there = trained.model.get('modalities')
            there = there or trained.model.data_preprocessor.modalities
            assert set(needed) <= set(there)


def sizes(backbone):
    return {k: v for k, v in backbone.items() if k != 'dropout'}


def test_published_numbers():
    suite, _ = works_of('ntu60')
    rows = {
        name: [row.published for row in table.rows.values() if row.published]
        for name, table in suite.tables.items()
    }
    assert rows['1a'] == [{'xview': v} for v in (83.4, 82.3, 84.1)]
    fused = dict(xsub=78.0, xview=84.1)
    assert rows['1d'] == [
        dict(xsub=81.2, xview=86.9),
        fused,
        dict(xsub=80.7, xview=86.0),
    ]
    assert fused in rows['1b'] and fused in rows['1c']
    assert not any(
        row.published
        for name in ('ntu120', 'nwucla', 'synthetic')
        for table in works_of(name)[0].tables.values()
        for row in table.rows.values()
    )


def test_options_of_nwucla():
    """Of which trainings exist: a change makes all of them stale."""
    _, works = works_of('nwucla', seed=2)
    work = works['ikem-6m_xview']
    assert work.command()[:5] == [
        'tools/train.py',
        'configs/ikem/ikem-3m_stgcn-slim_1xb64-100e_nwucla-xview.py',
        '--resume',
        '--amp',
        '--no-validate',
    ]
    assert work.options == {
        'randomness.seed': 2,
        'model.backbone.base_channels': 8,
        'model.backbone.out_channels': 64,
        'train_cfg.max_epochs': 40,
        'param_scheduler.0.milestones': [32],
        'train_dataloader.dataset.data_root': 'data/nwucla_t25',
        'train_dataloader.dataset.split': 'xview_train',
        'train_dataloader.num_workers': 0,
        'train_dataloader.persistent_workers': False,
        'model.data_preprocessor.modalities': list(MODALITIES),
    }


@pytest.mark.parametrize('name', [*PAPER, 'quickstart'])
def test_untrained_encoders_never_exchange(name):
    _, works = works_of(name)
    for work in trainings(works):
        cfg = work.config()
        if cfg.optim_wrapper.optimizer.lr == 0:
            assert cfg.model.exchange_begin == 1.0
        else:
            assert cfg.model.get('exchange_begin', 0.5) == 0.5


def test_ntu120_has_the_runs_of_ntu60():
    """With its data and classes, and cross-setup for cross-view."""
    runs = {
        name.replace('xview', 'xset'): work
        for name, work in works_of('ntu60')[1].items()
    }
    works = works_of('ntu120')[1]
    assert list(works) == list(runs)
    for name, work in works.items():
        ours, theirs = work.config(), runs[name].config()
        split = 'xset' if 'xset' in name else 'xsub'
        for part in ('train', 'val', 'test'):
            dataset = ours[f'{part}_dataloader'].dataset
            assert dataset.data_root == 'data/ntu120'
            assert dataset.split.startswith(f'{split}_')
        assert ours.model.get('num_classes', 120) == 120
        for key in ('optim_wrapper', 'param_scheduler', 'train_cfg'):
            assert ours[key] == theirs[key]
