"""The card that says what published weights are."""

from pathlib import Path
from typing import TYPE_CHECKING, Any, List, Mapping, NamedTuple, Optional

from .provenance import beginning, config_name, lineage, modalities_of
from .work_dir import WorkDir

if TYPE_CHECKING:
    from .publishing import Published


class About(NamedTuple):
    """What no checkpoint says.

    Args:
        data (str): What the data are, and the commands that make them.
        limits (str): What the weights are not good for.
    """

    data: str
    limits: str


_SYNTHETIC = About(
    'Skeletons made by a program, of 17 actions of which some are others '
    'played backwards, seed 0: `python tools/data/make_synthetic.py RAW; '
    'python tools/data/prepare_ntu.py RAW PREPARED --dataset synthetic '
    '--num-frames {num_frames}`. No recording of a person is among them.',
    'The classes are those of the program, and so are bodies, sensor and '
    'noise: whatever a real person does, one of the {num_classes} is named, '
    'and the score says nothing of whether that is right. Good for trying '
    'the tools, as a fixture of tests, and as a start of a training on own '
    'data of the layout `{layout}`, which may or may not help there: compare '
    'with a training from scratch. Not for decisions about people, and no '
    'measure of the method.',
)


def known_about(
    meta: Mapping[str, Any], data: Optional[str], limits: Optional[str]
) -> About:
    """What to say of data and limits; that of the synthetic set is known.

    Args:
        meta (mapping): The ``dataset_meta`` of the checkpoint.
        data (str, optional): See :class:`About`.
        limits (str, optional): See :class:`About`.

    Raises:
        ValueError: If nothing is given of other data.
    """
    if meta.get('dataset') == 'synthetic':
        known = About(*(text.format(**meta) for text in _SYNTHETIC))
        return About(data or known.data, limits or known.limits)
    if not (data and limits):
        raise ValueError(
            f'data {meta.get("dataset")!r} are not known here: say what they '
            'are (--data) and what the weights are not good for (--limits)'
        )
    return About(data, limits)


def card_text(result: 'Published', texts: About) -> str:
    """The model card of published weights.

    Args:
        result (Published): The weights.
        texts (About): What no checkpoint says.
    """
    meta, final = result.meta, result.final
    rows = [
        f'| {u} | {p.accuracy()["top1"]:.1f} | {_logged(result, u)} |'
        for u, p in result.predictions.items()
    ]
    layout = meta['dataset_meta'].get('layout')
    lines = [
        f'# {result.path.name}',
        '',
        f'A classifier of {final.scores.shape[1]} actions from skeletons of '
        f'the layout `{layout}`: encoders, and heads on their features.',
        '',
        '| | |',
        '|---|---|',
        f'| size | {result.size:,} bytes |',
        '| precision | parameters half, buffers as in training |',
        f'| config | `{meta["config_name"]}` |',
        *_trainings(result.run),
        f'| seed | {meta["seed"]} |',
        f'| commit | {meta["commit"]} |',
        f'| version | {meta["ikem_version"]} |',
        *_made_by(result.run),
        '',
        '## Data',
        '',
        texts.data,
        '',
        f'## Accuracy on the {len(final.names)} test clips',
        '',
        f'Top-1 in percent, after epoch {meta["epoch"]}.',
        '',
        '| | of this file | in the log of the training |',
        '|---|---:|---:|',
        *rows,
        '',
        f'Half precision changes the class of {result.changed} of '
        f'{len(final.names)} clips, and a probability by at most '
        f'{result.difference:.4f}.',
        '',
        '## What it is not good for',
        '',
        texts.limits,
        '',
        '## Licence',
        '',
        "The repository's.",
        '',
    ]
    return '\n'.join(lines)


def _made_by(run: WorkDir) -> List[str]:
    """The row of the command of a run of a suite; others have records, too,
    such as those of few labels."""
    suite = run.path.resolve().parent.parent
    if 'run' not in run.record or suite.parent.name != 'suites':
        return []
    seed = run.record['seed']
    command = f'python tools/reproduce.py {suite.name} --seeds {seed}'
    return [f'| made by | `{command}`: `{run.record["run"]}` |']


def _logged(result: 'Published', stream: str) -> str:
    """A stream's accuracy at the epoch of the weights, in percent."""
    names = (f'acc/{stream}_top1', 'acc/top1')
    for name in names:
        values = result.run.logs.get(name, {})
        if result.meta['epoch'] in values:
            return f'{100 * values[result.meta["epoch"]]:.1f}'
    return '-'


def _trainings(run: WorkDir) -> List[str]:
    """Rows of the trainings that made the weights."""
    runs = lineage(run)
    rows = [
        f'| training | `{config_name(r)}`, '
        f'{r.config.train_cfg.max_epochs} epochs, '
        f'{", ".join(modalities_of(r.config.model))} |'
        for r in runs
    ]
    lost = beginning(runs[0])
    if lost is not None:
        rows.insert(0, f'| began from | `{Path(lost).name}`, run not kept |')
    return rows
