"""Suite files: the runs that the tables of a data set are made of."""

from dataclasses import dataclass, field
from graphlib import CycleError, TopologicalSorter
from pathlib import Path
from typing import Any, Dict, List, Optional, Sequence

from mmengine.config import Config


@dataclass(frozen=True)
class Run:
    """What is run once a seed: a training, or the trivial baselines.

    Args:
        name (str): Name of the run, which its work_dir gets.
        config (str, optional): Config of a training.
        options (dict): ``--cfg-options`` of the training.
        amp (bool): Whether it trains with ``--amp``. Defaults to False.
        checkpoint_of (dict[str, str]): Runs whose last checkpoint the
            training takes, by the config key that takes it.
        baselines (str, optional): In place of a training, the prepared
            folder whose trivial baselines are evaluated, once for all seeds.
        measured (bool): Whether a table shows what it logs; otherwise its
            checkpoint alone matters. Defaults to True.
    """

    name: str
    config: Optional[str] = None
    options: Dict[str, Any] = field(default_factory=dict)
    amp: bool = False
    checkpoint_of: Dict[str, str] = field(default_factory=dict)
    baselines: Optional[str] = None
    measured: bool = True

    def __post_init__(self) -> None:
        if (self.config is None) == (self.baselines is None):
            raise ValueError(
                f'run {self.name!r} needs either `config` or `baselines`'
            )


@dataclass(frozen=True)
class Row:
    """A row of a table: ``{column}`` in ``run`` and ``metric`` stands for
    the name of the column.

    Args:
        run (str): Name of the run.
        metric (str): Name of what the run logged, a fraction.
        published (dict[str, float]): Published numbers by column, in percent.
    """

    run: str
    metric: str
    published: Dict[str, float] = field(default_factory=dict)

    def run_of(self, column: str) -> str:
        return self.run.format(column=column)

    def metric_of(self, column: str) -> str:
        return self.metric.format(column=column)


@dataclass(frozen=True)
class Table:
    title: str
    columns: List[str]
    rows: Dict[str, Row]

    def runs(self) -> List[str]:
        """Names of the runs of all cells."""
        return [
            row.run_of(column)
            for row in self.rows.values()
            for column in self.columns
        ]


@dataclass(frozen=True)
class Suite:
    """A suite file.

    Args:
        name (str): Name of the file.
        runs (dict[str, Run]): Runs by name.
        tables (dict[str, Table]): Tables by id.
        data (dict[str, str]): Prepared folders, and the command that makes
            each.
    """

    name: str
    runs: Dict[str, Run]
    tables: Dict[str, Table]
    data: Dict[str, str]

    def needed(self, tables: Sequence[str]) -> List[Run]:
        """The runs of some tables and all that these depend on, each after
        what it needs, otherwise in the order of the suite.

        Raises:
            ValueError: If there is no such table.
        """
        unknown = [name for name in tables if name not in self.tables]
        if unknown:
            raise ValueError(
                f'suite {self.name} has no table {", ".join(unknown)}: it has '
                f'{", ".join(self.tables)}'
            )
        ordered: Dict[str, Run] = {}

        def add(name: str) -> None:
            for need in self.runs[name].checkpoint_of.values():
                add(need)
            ordered[name] = self.runs[name]

        wanted = {run for name in tables for run in self.tables[name].runs()}
        for name in self.runs:
            if name in wanted:
                add(name)
        return list(ordered.values())


def load_suite(path: Path) -> Suite:
    """Read a suite file.

    Args:
        path (Path): A config with ``runs``, ``tables`` and ``data``, dicts of
            the arguments of :class:`Run` and :class:`Table` by name.

    Raises:
        FileNotFoundError: If there is no such file.
        ValueError: If it does not describe a suite: a misspelt field, a run
            that is named and not there, runs that need each other.
    """
    try:
        cfg = Config.fromfile(path).to_dict()
    except SyntaxError as error:
        raise ValueError(f'{path}: {error}') from error
    lacking = [
        key
        for key in ('runs', 'tables')
        if not isinstance(cfg.get(key), dict) or not cfg[key]
    ]
    if lacking:
        raise ValueError(f'{path} needs {" and ".join(lacking)}, filled dicts')
    unknown = sorted(set(cfg) - {'runs', 'tables', 'data'})
    if unknown:
        raise ValueError(f'{path} has {unknown}: runs, tables and data belong')
    try:
        tables = {name: _table(spec) for name, spec in cfg['tables'].items()}
        measured = {run for table in tables.values() for run in table.runs()}
        runs = {
            name: Run(name=name, measured=name in measured, **spec)
            for name, spec in cfg['runs'].items()
        }
    except (KeyError, TypeError) as error:
        raise ValueError(f'{path}: {error}') from error
    suite = Suite(path.stem, runs, tables, cfg.get('data', {}))
    _check(suite, path)
    return suite


def _table(spec: Dict) -> Table:
    rows = {name: Row(**row) for name, row in spec.pop('rows').items()}
    return Table(rows=rows, **spec)


def _check(suite: Suite, path: Path) -> None:
    """Every run that is named is there, and needs what can run before it."""
    for run in suite.runs.values():
        for need in run.checkpoint_of.values():
            if need in suite.runs and suite.runs[need].config is None:
                raise ValueError(
                    f'{path}: {run.name} needs a checkpoint of {need}, which '
                    'trains nothing'
                )
    needs = {
        run.name: list(run.checkpoint_of.values())
        for run in suite.runs.values()
    }
    for name, table in suite.tables.items():
        needs[f'table {name}'] = table.runs()
        for title, row in table.rows.items():
            if set(row.published) - set(table.columns):
                raise ValueError(
                    f'{path}: table {name}, {title}: `published` has '
                    f'{list(row.published)}, the columns are {table.columns}'
                )
    for name, names in needs.items():
        missing = [n for n in names if n not in suite.runs]
        if missing:
            raise ValueError(f'{path}: {name} needs {missing[0]}: no such run')
    try:
        TopologicalSorter(needs).prepare()
    except CycleError as error:
        cycle = ' -> '.join(error.args[1])
        raise ValueError(f'{path}: runs need each other: {cycle}') from error
