"""Tables of what the runs of a suite measured."""

import csv
import io
import json
import statistics
from pathlib import Path
from typing import Any, Dict, List, Optional, Tuple

from projects.ikem.files import written_aside

from .suite import Table
from .work import Work

NOTE = (
    'Top-1 accuracy in percent: mean ± standard deviation of a sample, in '
    'brackets the number of seeds; of the last epoch, and of the best one on '
    'the test clips, which is another epoch for each seed and stream.'
)
_FIELDS = ('mean', 'deviation', 'n')


def aggregate(values: Dict[str, float]) -> Optional[Dict[str, Any]]:
    """Mean and deviation over seeds.

    Args:
        values (dict[str, float]): Value of each seed.

    Returns:
        dict, optional: ``mean``, ``deviation`` (of a sample: divided by
        n - 1; None for a single value), ``n`` and the ``values``; None if
        there are none.
    """
    if not values:
        return None
    numbers = list(values.values())
    return dict(
        mean=statistics.fmean(numbers),
        deviation=statistics.stdev(numbers) if len(numbers) > 1 else None,
        n=len(numbers),
        values=values,
    )


def measure(table: Table, works: List[Work]) -> Dict[str, Any]:
    """Fill in a table.

    Args:
        table (Table): The table.
        works (list[Work]): All work, of which what is up to date counts.

    Returns:
        dict: ``title``, ``columns``, ``rows`` (by name the ``cells`` by
        column: ``run``, ``metric``, ``published``, ``last`` and ``best``, see
        :func:`aggregate`) and ``missing``, a line for each result that is
        not there.
    """
    current = {work.name: work.is_current() for work in works}
    missing: List[str] = []
    rows = {}
    for name, row in table.rows.items():
        rows[name] = {}
        for column in table.columns:
            run, metric = row.run_of(column), row.metric_of(column)
            cell = dict(run=run, metric=metric)
            cell['published'] = row.published.get(column)
            last, best = {}, {}
            for work in works:
                if work.run.name != run:
                    continue
                seed = 'all' if work.seed is None else str(work.seed)
                value = _result(work, metric, current[work.name])
                if isinstance(value, str):
                    missing.append(value)
                    continue
                last[seed] = value[0]
                if value[1] is not None:
                    best[seed] = value[1]
            cell.update(last=aggregate(last), best=aggregate(best))
            rows[name][column] = cell
    return dict(
        title=table.title,
        columns=table.columns,
        rows=rows,
        missing=list(dict.fromkeys(missing)),
    )


def _result(work: Work, metric: str, current: bool):
    """The result of the last and the best epoch, or why there is none."""
    if not current:
        return f'{work.name} is not done'
    try:
        return work.result(metric)
    except (FileNotFoundError, ValueError) as error:
        return str(error)


def write(path: Path, measured: Dict[str, Any], details: Dict) -> None:
    """Write a table as ``.md``, ``.csv`` and ``.json``.

    Args:
        path (Path): Path without suffix.
        measured (dict): The result of :func:`measure`.
        details (dict): What else the JSON file gets; its ``command`` is
            shown below the table.
    """
    text = json.dumps({**measured, **details}, indent=2, ensure_ascii=False)
    for suffix, content in (
        ('md', markdown(measured, details['command'])),
        ('csv', comma_separated(measured)),
        ('json', text + '\n'),
    ):
        with written_aside(path.with_name(f'{path.name}.{suffix}')) as file:
            file.write_text(content, encoding='utf-8')


def markdown(measured: Dict[str, Any], command: str) -> str:
    """The table to read; ``-`` where a result is missing."""
    header, rows = texts(measured)
    lines = [
        f'# {measured["title"]}',
        '',
        '| | ' + ' | '.join(header[1:]) + ' |',
        '|---|' + '---:|' * len(header[1:]),
    ]
    lines += [f'| {" | ".join(row)} |' for row in rows]
    lines += ['', NOTE, '', f'`{command}`']
    if measured['missing']:
        lines += ['', 'Missing:', '']
        lines += [f'- {reason}' for reason in measured['missing']]
    return '\n'.join(lines) + '\n'


def texts(measured: Dict[str, Any]) -> Tuple[List[str], List[List[str]]]:
    """Header and rows of the table to read, the first column names them."""
    kinds = [
        (column, kind)
        for column in measured['columns']
        for kind in _kinds(measured, column)
    ]
    header = ['', *(f'{column} {kind}' for column, kind in kinds)]
    return header, [
        [name, *(_text(cells[column], kind) for column, kind in kinds)]
        for name, cells in measured['rows'].items()
    ]


def _kinds(measured: Dict, column: str) -> Tuple[str, ...]:
    cells = (row[column] for row in measured['rows'].values())
    published = any(cell['published'] is not None for cell in cells)
    return ('last', 'best') + ('published',) * published


def _text(cell: Dict[str, Any], kind: str) -> str:
    if kind == 'published':
        number = cell['published']
        return '' if number is None else f'{number:.1f}'
    value = cell[kind]
    if value is None:
        # what has no epochs has no best one; then nothing is missing
        return '-' if cell['last'] is None else ''
    if value['deviation'] is None:
        return f'{value["mean"]:.1f} ({value["n"]})'
    return f'{value["mean"]:.1f} ± {value["deviation"]:.1f} ({value["n"]})'


def comma_separated(measured: Dict[str, Any]) -> str:
    """One line a cell, in full precision; empty where there is nothing."""
    file = io.StringIO()
    kinds = [f'{kind}_{f}' for kind in ('last', 'best') for f in _FIELDS]
    fields = ['row', 'column', 'run', 'metric', *kinds, 'published']
    writer = csv.DictWriter(file, fields, lineterminator='\n')
    writer.writeheader()
    for name, cells in measured['rows'].items():
        for column, cell in cells.items():
            line = dict(row=name, column=column)
            line.update({k: cell[k] for k in ('run', 'metric', 'published')})
            for kind in ('last', 'best'):
                value = cell[kind] or dict(n=0)
                line.update({f'{kind}_{f}': value.get(f) for f in _FIELDS})
            writer.writerow(line)
    return file.getvalue()
