"""Suite files: the runs that the tables of a data set are made of."""

import os
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Dict, List, Optional, Sequence, Tuple

from mmengine.config import Config

from ikem_cli.places import SCOPE, find_config


@dataclass(frozen=True)
class Run:
    """What is run once per seed: a training, or the trivial baselines.

    Args:
        name (str): Name of the run, which its work_dir gets.
        config (str, optional): Path of the config of a training; a suite
            file has it relative to itself, or as ``ikem::NAME`` one of ours.
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
        title (str): Its title.
        run (str): Name of the run.
        metric (str): Name of what the run logged, a fraction.
    """

    title: str
    run: str
    metric: str


@dataclass(frozen=True)
class ResultTable:
    """A table of what runs measured.

    Args:
        title (str): Its title.
        columns (list[str]): Names of the columns, for instance splits.
        rows (list[Row]): The rows.
        published (dict[str, dict[str, float]]): Published numbers in percent
            by title of the row and by column. Defaults to none.
        note (str): What there is to say below it, such as where published
            numbers come from. Defaults to nothing.
        cost (bool): Whether it has parameters and FLOPs of what is deployed,
            those of the first column. Defaults to False.
        best (bool): Whether the best epoch has columns of its own. Defaults
            to True.
    """

    title: str
    columns: List[str]
    rows: List[Row]
    published: Dict[str, Dict[str, float]] = field(default_factory=dict)
    note: str = ''
    cost: bool = False
    best: bool = True

    def __post_init__(self) -> None:
        titles = {row.title for row in self.rows}
        for title, numbers in self.published.items():
            if title not in titles or set(numbers) - set(self.columns):
                raise ValueError(
                    f'`published` has {title!r}: {list(numbers)}, the rows '
                    f'are {sorted(titles)}, the columns {self.columns}'
                )


@dataclass(frozen=True)
class Suite:
    """A suite file.

    Args:
        name (str): Name of the file.
        runs (dict[str, Run]): The runs that the tables need, by name, each
            after the runs that it needs.
        tables (dict[str, ResultTable]): Tables by id.
        data (dict[str, str]): Prepared folders, and the command that makes
            each.
    """

    name: str
    runs: Dict[str, Run]
    tables: Dict[str, ResultTable]
    data: Dict[str, str]

    def needed(self, tables: Sequence[str]) -> List[Run]:
        """The runs of some tables and the runs that these need, in order.

        Raises:
            ValueError: If there is no such table.
        """
        unknown = [name for name in tables if name not in self.tables]
        if unknown:
            raise ValueError(
                f'suite {self.name} has no table {", ".join(unknown)}: it has '
                f'{", ".join(self.tables)}'
            )
        wanted = {
            filled(row.run, column)
            for name in tables
            for row in self.tables[name].rows
            for column in self.tables[name].columns
        }
        for run in reversed(self.runs.values()):
            if run.name in wanted:
                wanted |= set(run.checkpoint_of.values())
        return [run for run in self.runs.values() if run.name in wanted]


def filled(tree: Any, column: str) -> Any:
    """A tree of dicts and lists with ``{column}`` in its texts replaced."""
    if isinstance(tree, dict):
        return {filled(k, column): filled(v, column) for k, v in tree.items()}
    if isinstance(tree, (list, tuple)):
        return [filled(value, column) for value in tree]
    return tree.replace('{column}', column) if isinstance(tree, str) else tree


def load_suite(path: Path) -> Suite:
    """Read a suite file.

    Args:
        path (Path): A config with ``runs``, ``tables`` and ``data``: dicts by
            name of the arguments of :class:`Run` and :class:`ResultTable`,
            and commands by prepared folder. ``{column}`` in a run and its
            name stands for a column whose tables need it; a run with the
            name of the column has precedence.

    Raises:
        FileNotFoundError: If there is no such file.
        ValueError: If it does not describe a suite: a misspelt field, a run
            that is named and not there, runs that need each other.
    """
    try:
        cfg = Config.fromfile(path).to_dict()
        unknown = sorted(set(cfg) - {'runs', 'tables', 'data'})
        if unknown:
            raise ValueError(f'{unknown}: runs, tables and data belong there')
        for key in ('runs', 'tables'):
            if not isinstance(cfg.get(key), dict) or not cfg[key]:
                raise ValueError(f'`{key}` has to be a dict, and not empty')
        tables = {name: _table(spec) for name, spec in cfg['tables'].items()}
        runs = _runs(cfg['runs'], tables, path.parent)
    except (KeyError, SyntaxError, TypeError, ValueError) as error:
        raise ValueError(f'{path}: {error}') from error
    return Suite(path.stem, runs, tables, cfg.get('data', {}))


def _table(spec: Dict) -> ResultTable:
    rows = [Row(**row) for row in spec.pop('rows')]
    return ResultTable(rows=rows, **spec)


def _runs(
    specs: Dict[str, Dict], tables: Dict[str, ResultTable], folder: Path
) -> Dict[str, Run]:
    """The runs that tables need, each after the runs that it needs."""
    cells = [
        (row.run, column)
        for table in tables.values()
        for row in table.rows
        for column in table.columns
    ]
    measured = {filled(*cell) for cell in cells}
    runs: Dict[str, Run] = {}

    def add(key: str, column: str, needed_by: Tuple[str, ...]) -> None:
        name = filled(key, column)
        chain = ' -> '.join([*needed_by, name])
        if name in needed_by:
            raise ValueError(f'runs need each other: {chain}')
        if name in runs:
            return
        if name not in specs and key not in specs:
            raise ValueError(f'{chain}: there is no such run')
        spec = specs[name if name in specs else key]
        for need in spec.get('checkpoint_of', {}).values():
            add(need, column, (*needed_by, name))
            if runs[filled(need, column)].config is None:
                raise ValueError(f'{name}: {need} has no checkpoint')
        run = Run(name=name, measured=name in measured, **filled(spec, column))
        if run.config is not None:
            ours = run.config.startswith(SCOPE)
            path = find_config(run.config) if ours else folder / run.config
            run = replace(run, config=os.path.normpath(path))
        runs[name] = run

    for cell in cells:
        add(*cell, needed_by=())
    return runs
