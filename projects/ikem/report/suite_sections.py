"""Sections of the page of a suite."""

from pathlib import Path
from typing import Callable, Dict, List, TypeVar

from ikem_cli.errors import describe
from projects.ikem.files import read_json_dict
from projects.ikem.reproduce.tables import notes, texts
from projects.ikem.visualization.curves import Curves
from projects.ikem.work_dir import WorkDir

from .blocks import (
    Details,
    Missing,
    Note,
    Page,
    Pictures,
    Section,
    Table,
    duration,
    percent,
    section,
)
from .encoded import encoded_sections
from .run_sections import accuracy_blocks, curve_picture, data_section

_T = TypeVar('_T')


def is_suite(path: Path) -> bool:
    """Whether a folder is the work dir of a suite."""
    return any(path.glob('table_*.json')) or bool(runs_of(path))


def runs_of(path: Path) -> List[WorkDir]:
    """The runs of a suite by seed and name: the folders of seeds with a
    record."""
    folders = [p.parent for p in path.glob(f'seed*/*/{WorkDir.RECORD}')]
    # seed2 before seed10
    folders.sort(key=lambda f: (len(f.parent.name), f.parent.name, f.name))
    return [WorkDir(f, f.relative_to(path).as_posix()) for f in folders]


def suite_page(path: Path, max_clips: int) -> Page:
    """The page of a suite.

    Args:
        path (Path): Its work dir.
        max_clips (int): Clips of a split that pass through the encoders of
            its best evaluation at most, 0 for none.
    """
    runs = runs_of(path)
    tables = sorted(path.glob('table_*.json'))
    sections = [section(_title(t), _table, t) for t in tables]
    if not tables:
        reason = 'There is no table yet: tools/reproduce.py writes them.'
        sections.append(Section('Tables', [Missing(reason)]))
    sections += [
        section('Runs', _runs, runs),
        section('Pre-trainings', _pretrainings, runs),
        *_best_sections(runs, max_clips),
        section('Environment', _environment, tables),
    ]
    done = sum(_status(run).startswith('finished') for run in runs)
    tiles = [
        ('tables', str(len(tables))),
        ('runs finished', f'{done} of {len(runs)}'),
        ('time of all runs', duration(sum(run.seconds or 0 for run in runs))),
    ]
    return Page(path.resolve().name, 'suite', tiles, sections)


def _unless_damaged(read: Callable[[], _T], default: _T) -> _T:
    """What is read of a run; the default if it is damaged, as its line in
    the table of all runs says."""
    try:
        return read()
    except Exception:  # as in `section`
        return default


def _title(table: Path) -> str:
    """That of the table; of a damaged one its name."""
    title = _unless_damaged(lambda: read_json_dict(table)['title'], table.name)
    return str(title)


def _table(path: Path) -> List:
    measured = read_json_dict(path)
    header, rows = texts(measured)
    blocks: List = [Table(header, rows), *map(Note, notes(measured))]
    missing = measured['missing']
    if missing:
        summary = f'{len(missing)} results are missing'
        blocks.append(Details(summary, '\n'.join(missing)))
    blocks.append(Details('Command', measured['command']))
    return blocks


def _status(run: WorkDir) -> str:
    try:
        return run.status
    except Exception as error:  # as in `section`
        return describe(error)


def _headline(run: WorkDir) -> List[str]:
    headline = _unless_damaged(lambda: run.headline, None)
    if headline is None:
        return ['', '', '']
    name, accuracy = headline
    best = f'{percent(accuracy.best)} ({accuracy.epoch})'
    return [percent(accuracy.last), name, best]


def _runs(runs: List[WorkDir]) -> List:
    if not runs:
        return [Missing('Nothing has been run.')]
    rows = [
        [run.name, *_headline(run), _status(run), duration(run.seconds)]
        for run in runs
    ]
    anchors = [f'run-{i}' for i in range(len(runs))]
    # a phone shows the first two
    header = ['run', 'last', 'accuracy', 'best (epoch)', 'status', 'time']
    return [
        Table(header, rows, anchors),
        Details(
            'Commands and accuracies of all runs',
            '',
            blocks=[_details(run, a) for run, a in zip(runs, anchors)],
        ),
    ]


def _details(run: WorkDir, anchor: str) -> Details:
    def describe_run() -> List:
        record = run.record
        blocks = [
            Note(f'Command: {" ".join(record["command"])}'),
            Note(f'Commit: {record["commit"]}'),
        ]
        return blocks + (accuracy_blocks(run) if run.accuracies else [])

    return Details(run.name, '', anchor, section('', describe_run).blocks)


def _pretrainings(runs: List[WorkDir]) -> List:
    """The curves of those of the first seed that has any."""
    panels: Dict[str, Curves] = {}
    seed = None
    for run in runs:
        first, _, name = run.name.partition('/')
        curves = _unless_damaged(lambda run=run: _common_curves(run), {})
        if curves and first == (seed or first):
            seed = first
            for title, curve in curves.items():
                panels.setdefault(title, {})[name] = curve
    if not panels:
        return [Missing('No pre-training has logged anything.')]
    return [
        Pictures([curve_picture(*panel) for panel in panels.items()]),
        Note(
            f'Pre-trainings of {seed}. Losses of different algorithms and '
            'modalities do not compare; their course does.'
        ),
    ]


def _common_curves(run: WorkDir) -> Curves:
    """What all pre-trainings log, by title; nothing of other runs."""
    logs = run.logs
    if run.is_classifier or not any(logs.get('lr', {0: 1}).values()):
        return {}  # without a learning rate: untrained, for comparison
    titles = {'loss': 'Loss', 'lr': 'Learning rate'}
    curves = {titles[name]: logs[name] for name in titles if name in logs}
    spreads = [v for name, v in logs.items() if name.startswith('std_')]
    if spreads:
        title = 'Spread of the embeddings, least of the modalities'
        curves[title] = {
            epoch: min(s[epoch] for s in spreads if epoch in s)
            for epoch in spreads[0]
        }
    return curves


def _best_sections(runs: List[WorkDir], max_clips: int) -> List[Section]:
    best = max(runs, key=_last_accuracy, default=None)
    if best is None or _last_accuracy(best) < 0:
        reason = 'No evaluation has an accuracy and a checkpoint.'
        return [
            Section(title, [Missing(reason)])
            for title in ('Data', 'Confusions', 'Embedding', 'Neighbours')
        ]
    name, accuracy = best.headline
    intro = Note(
        f'{best.name}: {name} {percent(accuracy.last)} % in the last epoch, '
        'the highest of all runs, of whatever split. Data, confusions, '
        'embedding and neighbours below are of this one.'
    )
    return [
        Section('Best evaluation', [intro]),
        data_section(best),
        *encoded_sections(best, max_clips),
    ]


def _last_accuracy(run: WorkDir) -> float:
    """That of an evaluation with a checkpoint; of others -1."""

    def read() -> float:
        evaluated = run.is_classifier and run.headline and run.last_checkpoint
        return run.headline[1].last if evaluated else -1

    return _unless_damaged(read, -1)


def _environment(tables: List[Path]) -> List:
    if not tables:
        return [Missing('It is written with the tables.')]
    newest = max(tables, key=lambda path: path.stat().st_mtime)
    details = read_json_dict(newest)
    rows = [[key, value] for key, value in details['environment'].items()]
    return [Table(['', ''], [*rows, ['commit', str(details['commit'])]])]
