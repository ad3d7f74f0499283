"""Tables of what the runs of a suite measured."""

import csv
import io
import json
import statistics
from pathlib import Path
from typing import Any, Dict, List, Optional, Tuple

from projects.ikem.evaluation.baselines import doubt
from projects.ikem.files import written_aside

from .costs import Cost, cost_of
from .suite import ResultTable, Row, filled
from .work import Work

_NOTE = (
    'Top-1 accuracy in percent: mean ± standard deviation of a sample, in '
    'brackets the number of seeds'
)
_OF_EPOCHS = {
    True: '; of the last epoch, and of the best one on the test clips, which '
    'is another epoch for each seed and stream.',
    False: '; of the last epoch.',
}
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


def measure(table: ResultTable, works: List[Work]) -> Dict[str, Any]:
    """Fill in a table.

    Args:
        table (ResultTable): The table.
        works (list[Work]): All work; results that are up to date count.

    Returns:
        dict: ``title``, ``note``, ``columns``, ``best`` (whether the best
        epoch is shown), ``rows`` (by title the cells by column: ``run``,
        ``metric``, ``published``, ``last`` and ``best``, see
        :func:`aggregate`), ``costs`` (by title the :class:`Cost` as a dict,
        or None) if the table has them, ``below``, a sentence for each column
        in which a trivial baseline exceeds what was learnt, and ``missing``,
        a line for each result that is not there.
    """
    missing: List[str] = []

    def cell(row: Row, column: str) -> Dict[str, Any]:
        run, metric = filled([row.run, row.metric], column)
        values: Dict[str, Dict] = dict(last={}, best={})
        for work in works:
            if work.run.name != run:
                continue
            seed = 'all' if work.seed is None else str(work.seed)
            try:
                for kind, value in _result(work, metric).items():
                    values[kind][seed] = value
            except (FileNotFoundError, ValueError) as error:
                missing.append(str(error))
        published = table.published.get(row.title, {}).get(column)
        return dict(
            run=run,
            metric=metric,
            published=published,
            **{kind: aggregate(v) for kind, v in values.items()},
        )

    rows = {
        row.title: {column: cell(row, column) for column in table.columns}
        for row in table.rows
    }
    measured = dict(
        title=table.title,
        note=table.note,
        columns=table.columns,
        best=table.best,
        rows=rows,
        below=_below(rows, table.columns, works),
        missing=list(dict.fromkeys(missing)),
    )
    if table.cost:
        by_name = {work.run.name: work for work in works}
        measured['costs'] = {}
        for row in table.rows:
            work = by_name.get(filled(row.run, table.columns[0]))
            cost = None if work is None else cost_of(work)
            measured['costs'][row.title] = cost and cost._asdict()
    return measured


def _below(
    rows: Dict[str, Dict], columns: List[str], works: List[Work]
) -> List[str]:
    """Sentences on what is below a trivial baseline."""
    trivial = {work.run.name for work in works if work.trivial}
    sentences = []
    for column in columns:
        learnt, baselines = {}, {}
        for title, cells in rows.items():
            cell = cells[column]
            if cell['last'] is not None:
                kind = baselines if cell['run'] in trivial else learnt
                kind[title] = cell['last']['mean']
        if baselines:
            sentence = doubt(learnt, baselines, {k: k for k in baselines})
            sentences += [f'{column}: {sentence}.'] if sentence else []
    return sentences


def _result(work: Work, metric: str) -> Dict[str, float]:
    """What there is of the last and the best epoch; raises if nothing is."""
    if not work.is_current():
        raise ValueError(f'{work.name} is not done')
    last, best = work.result(metric)
    return dict(last=last) if best is None else dict(last=last, best=best)


def write(
    path: Path, table: ResultTable, works: List[Work], details: Dict
) -> int:
    """Write a table as ``.md``, ``.csv`` and ``.json``.

    Args:
        path (Path): Path without suffix.
        table (ResultTable): The table.
        works (list[Work]): Work that it needs; see :func:`measure`.
        details (dict): What else the JSON file gets; its ``command`` is
            shown below the table.

    Returns:
        int: How many results are missing.
    """
    measured = measure(table, works)
    details = dict(details, runs={work.name: work.info() for work in works})
    text = json.dumps({**measured, **details}, indent=2, ensure_ascii=False)
    for suffix, content in (
        ('md', markdown(measured, details['command'])),
        ('csv', comma_separated(measured)),
        ('json', text + '\n'),
    ):
        with written_aside(path.with_name(f'{path.name}.{suffix}')) as file:
            file.write_text(content, encoding='utf-8')
    return len(measured['missing'])


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
    for paragraph in (*notes(measured), f'`{command}`'):
        lines += ['', paragraph]
    if measured['missing']:
        lines += ['', 'Missing:', '']
        lines += [f'- {reason}' for reason in measured['missing']]
    return '\n'.join(lines) + '\n'


def notes(measured: Dict[str, Any]) -> List[str]:
    """What there is to say below a table; of earlier versions, too."""
    note = measured.get('note')
    return [
        _NOTE + _OF_EPOCHS[measured.get('best', True)],
        *([note] if note else []),
        *measured.get('below', []),
    ]


def texts(measured: Dict[str, Any]) -> Tuple[List[str], List[List[str]]]:
    """Header and rows of the table to read, the first column names them."""
    kinds = [
        (column, kind)
        for column in measured['columns']
        for kind in _kinds(measured, column)
    ]
    best = measured.get('best', True)  # else the last one is the only one
    costs = measured.get('costs')
    header = [
        '',
        *(('M parameters', 'GFLOP a clip') if costs else ()),
        *(
            f'{column} {kind}' if best or kind != 'last' else column
            for column, kind in kinds
        ),
    ]
    return header, [
        [
            name,
            *(_cost_texts(costs[name]) if costs else ()),
            *(_text(cells[column], kind) for column, kind in kinds),
        ]
        for name, cells in measured['rows'].items()
    ]


def _cost_texts(cost: Optional[Dict[str, int]]) -> Tuple[str, str]:
    if cost is None:
        return '', ''
    return f'{cost["parameters"] / 1e6:.2f}', f'{cost["flops"] / 1e9:.2f}'


def _kinds(measured: Dict, column: str) -> Tuple[str, ...]:
    cells = (row[column] for row in measured['rows'].values())
    published = any(cell['published'] is not None for cell in cells)
    best = measured.get('best', True)
    return ('last', *('best',) * best, *('published',) * published)


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
    costs = measured.get('costs', {})
    fields = ['row', 'column', 'run', 'metric', *kinds, 'published']
    fields += Cost._fields if costs else ()
    writer = csv.DictWriter(file, fields, lineterminator='\n')
    writer.writeheader()
    for name, cells in measured['rows'].items():
        for column, cell in cells.items():
            line = dict(row=name, column=column)
            line.update({k: cell[k] for k in ('run', 'metric', 'published')})
            line.update(costs.get(name) or {})
            for kind in ('last', 'best'):
                value = cell[kind] or dict(n=0)
                line.update({f'{kind}_{f}': value.get(f) for f in _FIELDS})
            writer.writerow(line)
    return file.getvalue()
