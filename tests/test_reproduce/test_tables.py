import csv
import json
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from projects.ikem.reproduce.options import as_arguments, config_with
from projects.ikem.reproduce.suite import ResultTable, Row, Run
from projects.ikem.reproduce.tables import aggregate, write
from projects.ikem.work_dir import WorkDir

accuracies = st.floats(0, 100, allow_subnormal=False)


@given(st.lists(accuracies, min_size=2, max_size=6))
def test_mean_and_sample_deviation(values):
    result = aggregate({str(i): v for i, v in enumerate(values)})
    assert result['n'] == len(values)
    assert result['mean'] == pytest.approx(np.mean(values))
    expected = np.std(values, ddof=1)
    assert result['deviation'] == pytest.approx(expected, abs=1e-9)


def test_one_seed_has_no_deviation_and_none_no_mean():
    assert aggregate({'3': 81.25}) == dict(
        mean=81.25, deviation=None, n=1, values={'3': 81.25}
    )
    assert aggregate({}) is None


class Finished:
    """A work by its results, (last, best) by metric."""

    def __init__(self, run, seed, results, current=True, baselines=None):
        config = '' if baselines is None else None
        self.run = Run(run, config=config, baselines=baselines)
        self.trivial = baselines is not None
        self.seed = seed
        self.name = f'seed{seed}/{run}'
        self.results = results
        self.current = current

    def is_current(self):
        return self.current

    def info(self):
        return {}

    def result(self, metric):
        if metric not in self.results:
            raise ValueError(f'{self.name} has no {metric}')
        return self.results[metric]


TABLE = ResultTable(
    title='A title',
    columns=['xsub', 'xview'],
    rows=[
        Row('trained', '{column}_linear', 'acc'),
        Row('trivial', 'baselines', '{column}/ridge'),
    ],
    published=dict(trained=dict(xsub=78.0)),
)


@pytest.fixture
def written(tmp_path):
    works = [
        Finished('baselines', None, {'xsub/ridge': (54.4, None)}),
        Finished('xsub_linear', 0, {'acc': (70.0, 71.0)}),
        Finished('xsub_linear', 1, {'acc': (72.0, 74.0)}),
        Finished('xsub_linear', 2, {'acc': (1.0, 1.0)}, current=False),
        Finished('xview_linear', 0, {}, current=False),
    ]
    path = tmp_path / 'table_1x'
    assert write(path, TABLE, works, dict(command='python x')) == 3
    return path


def test_markdown(written):
    lines = written.with_suffix('.md').read_text().splitlines()
    assert lines[0] == '# A title'
    assert lines[2:6] == [
        '| | xsub last | xsub best | xsub published | xview last | '
        'xview best |',
        '|---|---:|---:|---:|---:|---:|',
        '| trained | 71.0 ± 1.4 (2) | 72.5 ± 2.1 (2) | 78.0 | - | - |',
        # the baseline has no epochs; that of xview is missing
        '| trivial | 54.4 (1) |  |  | - | - |',
    ]
    names = ['seed2/xsub_linear', 'seed0/xview_linear', 'xview/ridge']
    for line, name in zip(lines[-3:], names):
        assert name in line


def test_without_the_best_epoch_and_with_a_note(tmp_path):
    table = replace(TABLE, best=False, note='Of a few clips.')
    works = [Finished('xsub_linear', 0, {'acc': (70.0, 71.0)})]
    write(tmp_path / 't', table, works, dict(command='python x'))
    text = (tmp_path / 't.md').read_text()
    assert '| | xsub | xsub published | xview |' in text
    assert '| trained | 70.0 (1) | 78.0 | - |' in text
    assert 'best' not in text and '\n\nOf a few clips.\n\n' in text
    assert 'best_mean' in (tmp_path / 't.csv').read_text()


def test_what_is_below_a_trivial_baseline_is_said(tmp_path):
    def table(ridge):
        works = [
            Finished(
                'baselines', None, {'xsub/ridge': (ridge, None)}, baselines='x'
            ),
            Finished('xsub_linear', 0, {'acc': (70.0, 71.0)}),
        ]
        write(tmp_path / 't', TABLE, works, dict(command='python x'))
        return (tmp_path / 't.md').read_text()

    sentence = 'xsub: trained 70.0 is below trivial, 70.5.'
    assert sentence in table(70.5).splitlines()
    assert 'below' not in table(69.5)


def test_csv_and_json_agree(written):
    table = json.loads(written.with_suffix('.json').read_text())
    assert table['command'] == 'python x' and len(table['missing']) == 3
    with written.with_suffix('.csv').open() as file:
        rows = list(csv.DictReader(file))
    assert len(rows) == 4
    for row in rows:
        cell = table['rows'][row['row']][row['column']]
        for kind in ('last', 'best'):
            value = cell[kind] or dict(mean=None, deviation=None, n=0)
            for field in ('mean', 'deviation', 'n'):
                text = row[f'{kind}_{field}']
                assert text == (
                    '' if value[field] is None else str(value[field])
                )
    assert [row['published'] for row in rows] == ['78.0', '', '', '']
    assert table['rows']['trained']['xsub']['last']['values'] == {
        '0': 70.0,
        '1': 72.0,
    }


def log(work_dir, name, *entries):
    folder = work_dir / name / 'vis_data'
    folder.mkdir(parents=True)
    text = ''.join(json.dumps(entry) + '\n' for entry in entries)
    (folder / 'scalars.json').write_text(text)


def test_history_of_a_resumed_training(tmp_path):
    """The epochs of the first part that the second one repeated are its."""
    log(
        tmp_path,
        '20250101_000000',
        *(dict(loss=1.0, epoch=e, iter=5 * e, step=5 * e) for e in (1, 2, 3)),
        *({'acc/top1': 0.1 * e, 'step': e} for e in (1, 2, 3)),
    )
    log(
        tmp_path,
        '20250102_000000',
        *(dict(loss=2.0, epoch=e, iter=5 * e, step=5 * e) for e in (3, 4)),
        *({'acc/top1': a, 'step': e} for e, a in ((3, 0.6), (4, 0.5))),
    )
    log(tmp_path, '20250103_000000')  # it was finished already
    with (tmp_path / '20250102_000000/vis_data/scalars.json').open('a') as f:
        f.write('{"loss": 3')  # cut off
    work_dir = WorkDir(tmp_path)
    assert list(work_dir.logs['loss'].values()) == [1.0, 1.0, 2.0, 2.0]
    assert work_dir.accuracy('acc/top1') == pytest.approx((0.5, 0.6, 3))
    with pytest.raises(ValueError, match='acc/top5.*acc/top1'):
        work_dir.accuracy('acc/top5')


def test_seconds_of_all_parts(tmp_path):
    for name, last in (
        ('20250101_120000', '2025/01/01 12:00:30'),
        ('20251231_235950', '2026/01/01 00:00:02'),
        ('20250103_000000', None),  # ended before it logged anything
    ):
        path = tmp_path / name / f'{name}.log'
        path.parent.mkdir()
        line = f'{last} - mmengine - INFO - done\nof two lines\n'
        path.write_text('' if last is None else line)
    assert WorkDir(tmp_path).seconds == 30 + 12


@pytest.fixture
def config(tmp_path):
    path = tmp_path / 'config.py'
    path.write_text(
        "model = dict(type='IKEM', backbone=dict(type='SlimSTGCN'))\n"
        'custom_hooks = [dict(begin=5)]\n'
        'randomness = dict(seed=0)\n'
    )
    return path


def test_options_reach_the_config(config):
    options = {
        'randomness.seed': 3,
        'model.backbone.base_channels': 8,
        'custom_hooks.0.begin': [1, 2],
        'model.exchange_replaces': False,
        'load_from': 'a/b.pth',
        'model.momentum': 1e-05,
    }
    assert 'custom_hooks.0.begin=[1,2]' in as_arguments(options)
    cfg = config_with(config, options)
    assert cfg.randomness.seed == 3
    assert cfg.model.backbone == dict(type='SlimSTGCN', base_channels=8)
    assert cfg.custom_hooks[0].begin == [1, 2]
    assert cfg.model.exchange_replaces is False
    assert cfg.model.momentum == 1e-05 and cfg.load_from == 'a/b.pth'
    assert config_with(config, {}).randomness.seed == 0  # no leftovers


def test_a_dict_is_no_option():
    with pytest.raises(ValueError, match='model.ensemble.FIELD'):
        as_arguments({'model.ensemble': dict(joint=0.6)})


@pytest.mark.parametrize('text', ['a b', 'a,b'])
def test_texts_that_would_be_changed_are_refused(config, text):
    with pytest.raises(ValueError, match='model.pretrained'):
        config_with(config, {'model.pretrained': text})
