"""The suite files of configs/suites fit the configs that they name."""

import pytest
from helpers import CONFIGS, ROOT
from mmaction.registry import MODELS

from projects.ikem.reproduce.costs import cost_of
from projects.ikem.reproduce.suite import filled, load_suite
from projects.ikem.reproduce.work import Training, plan

NAMES = sorted(path.stem for path in (CONFIGS / 'suites').glob('*.py'))
TABLES = ['1a', '1b', '1c', '1d', '1d+', 'students']
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
    assert NAMES == [
        *PAPER[:3],
        'quickstart',
        'small_set',
        PAPER[3],
        'weights',
    ]
    for name in PAPER:
        assert list(works_of(name)[0].tables) == TABLES


def test_all_data_can_be_made(suite_and_works):
    """Also: all configs and their options are there."""
    suite, works = suite_and_works
    used = {data for work in works.values() for data in work.data()}
    assert used == set(suite.data)
    assert all(f' {data}' in suite.data[data] for data in used)


def test_tables_read_what_is_logged(suite_and_works):
    suite, works = suite_and_works
    for table in suite.tables.values():
        for row in table.rows:
            for column in table.columns:
                run, metric = filled([row.run, row.metric], column)
                assert metric in logged(works[run], column)


def logged(work, column):
    if not isinstance(work, Training):
        splits = (column, f'{column}_10pct', 'xview_dedup_20perclass')
        return [f'{x}/{name}' for x in splits for name in ('ridge', 'nn1')]
    assert work.config().val_dataloader.dataset.split == f'{column}_val'
    modalities = work.config().model.data_preprocessor.modalities
    if len(modalities) == 1:
        return ['acc/top1']
    names = [*modalities, 'fused']
    if work.config().val_cfg.type == 'KNNValLoop':
        return [f'acc/{name}_knn1_top1' for name in names]
    if 'ensemble' in work.config().model:
        names.append('ensemble')
    return [f'acc/{name}_top1' for name in names]


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
            few = f'{its.dataset.split}_10pct'
            assert ours.dataset.split in (its.dataset.split, few)
            assert ours.dataset.data_root == its.dataset.data_root
            needed = model.get('modalities')
            needed = needed or model.data_preprocessor.modalities
            there = trained.model.get('modalities')
            there = there or trained.model.data_preprocessor.modalities
            assert set(needed) <= set(there)


def sizes(backbone):
    initial = 'dropout', 'init_cfg'
    return {k: v for k, v in backbone.items() if k not in initial}


def test_published_numbers():
    tables = works_of('ntu60')[0].tables
    for title, numbers in {
        'IKEM, 6 modalities (teacher)': dict(xsub=81.2, xview=86.9),
        'IKEM, 3 modalities': dict(xsub=78.0, xview=84.1),
        '3 students of the teacher': dict(xsub=80.7, xview=86.0),
    }.items():
        assert tables['1d'].published[title] == numbers
    assert len(tables['1a'].published) == 3
    for name in ('ntu120', 'nwucla', 'synthetic'):
        suite, _ = works_of(name)
        assert not any(table.published for table in suite.tables.values())


EXTENDED = """
_base_ = {base!r}
new = dict(title='Mine', run='mine_{{column}}_linear', metric='acc/fused_top1')
tables = {{'1d': dict(rows=[*_base_.tables['1d'].rows, new])}}
runs = {{
    'mine_{{column}}': _base_.runs['ikem-3m_{{column}}'],
    'mine_{{column}}_linear': dict(
        _base_.runs['ikem-3m_{{column}}_linear'],
        checkpoint_of={{'model.pretrained': 'mine_{{column}}'}},
    ),
}}
del new
"""


@pytest.mark.parametrize('name', ['ntu60', 'ntu120', 'nwucla'])
def test_a_method_is_added_to_table_1d(name, tmp_path):
    """By a suite anywhere else, with a row and its runs."""
    before, _ = works_of(name)
    path = tmp_path / 'more.py'
    base = CONFIGS / f'suites/{name}.py'
    path.write_text(EXTENDED.format(base=str(base)))
    suite = load_suite(path)
    added = set(suite.runs) - set(before.runs)
    assert {'mine_xsub', 'mine_xsub_linear'} < added
    assert suite.tables['1d'].rows[:-1] == before.tables['1d'].rows
    mine = suite.runs['mine_xsub_linear']
    assert mine.config == before.runs['ikem-3m_xsub_linear'].config
    assert mine.checkpoint_of == {'model.pretrained': 'mine_xsub'}


def test_ours_in_a_suite_of_another_folder(tmp_path):
    name = 'ikem/ikem-3m_stgcn-slim_1xb128-300e_ntu60-xsub.py'
    row = dict(title='x', run='x', metric='acc/top1')
    table = dict(title='t', columns=['xsub'], rows=[row])
    runs = dict(x=dict(config=f'ikem::{name}'))
    path = tmp_path / 'suite.py'
    path.write_text(f'runs = {runs}\ntables = {dict(t=table)}')
    assert load_suite(path).runs['x'].config == str(CONFIGS / name)


@pytest.mark.parametrize('name', [*PAPER, 'quickstart', 'small_set'])
def test_untrained_encoders_never_exchange(name):
    _, works = works_of(name)
    for work in trainings(works):
        cfg = work.config()
        if cfg.optim_wrapper.optimizer.lr == 0:
            assert cfg.model.exchange_begin == 1.0
        else:
            begin = dict(ActCLR=0.0, HYSP=0.33).get(cfg.model.type, 0.5)
            if name == 'small_set':  # where it begins is a part of the recipe
                begin = work.run.options.get(
                    'model.exchange_begin',
                    dict(IKEM=0.25, CrosSCLR=0.75).get(cfg.model.type),
                )
            assert cfg.model.get('exchange_begin', begin) == begin


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


def test_costs_of_what_is_deployed():
    """Encoders and one head a modality; of nothing else."""
    _, works = works_of('synthetic')
    work = works['ikem-3m_xsub_linear']
    model = MODELS.build(dict(work.config().model, pretrained=None))
    parts = model.backbone, model.fused_head
    size = sum(p.numel() for part in parts for p in part.parameters())
    cost = cost_of(work)
    assert cost.parameters == size and cost.flops > 1e7
    for other in ('ikem-3m_xsub', 'baselines'):
        assert cost_of(works[other]) is None
