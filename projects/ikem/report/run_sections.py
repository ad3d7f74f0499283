"""Sections of the page of a run."""

from collections import Counter
from typing import Dict, List

from projects.ikem.datasets.prepared import read_annotations
from projects.ikem.evaluation.baselines import doubt, top1
from projects.ikem.visualization.curves import Curves, curves_figure
from projects.ikem.work_dir import WorkDir

from .blocks import (
    Details,
    Missing,
    Note,
    Page,
    Picture,
    Pictures,
    Section,
    Table,
    duration,
    percent,
    picture,
    section,
)
from .encoded import encoded_sections

# Beginning and end of the names that a panel shows.
_PANELS = {
    'Losses': ('loss_', ''),
    'Spread of the embeddings (1: even, 0: collapsed)': ('std_', ''),
    'Similarity to the positive': ('positive_', ''),
    'Similarity to the negatives': ('negative_', ''),
    'Accuracy on the training clips': ('top1_', ''),
    'Accuracy on the test clips': ('acc/', 'top1'),
    'Learning rate': ('lr', ''),
}


def run_page(run: WorkDir, max_clips: int) -> Page:
    """The page of a run.

    Args:
        run (WorkDir): The run.
        max_clips (int): Clips of a split that pass through its encoders at
            most, 0 for none.
    """
    sections = [
        section('Configuration', _configuration, run),
        data_section(run),
        section('Curves', _curves, run),
        section('Accuracies', accuracy_blocks, run),
        *encoded_sections(run, max_clips),
        section('Environment', _environment, run),
    ]
    return Page(run.name, 'run', _tiles(run), sections)


def _tiles(run: WorkDir) -> List:
    try:
        tiles = [('status', run.status), ('time', duration(run.seconds))]
        tiles.insert(1, ('model', run.config.model.type))
        if run.headline:
            name, accuracy = run.headline
            tiles += [
                (f'{name}, last epoch', f'{percent(accuracy.last)} %'),
                (
                    f'{name}, best epoch ({accuracy.epoch})',
                    f'{percent(accuracy.best)} %',
                ),
            ]
        return tiles
    except Exception:  # the sections say what is wrong
        return [('status', 'damaged or incomplete: see below')]


def _configuration(run: WorkDir) -> List:
    blocks = []
    if 'command' in run.record:
        blocks.append(Details('Command', ' '.join(run.record['command'])))
    blocks.append(Details('All of the config', run.config.pretty_text))
    return blocks


def data_section(run: WorkDir) -> Section:
    """What the clips of a run are."""
    return section('Data', _data, run)


def _data(run: WorkDir) -> List:
    root = run.config.train_dataloader.dataset.get('data_root')
    if root is None:
        raise ValueError('the config names no prepared folder')
    prepared = read_annotations(root)
    num, persons, frames, joints, _ = prepared['keypoint']['shape']
    layout = prepared['layout']
    used: Dict[str, str] = {
        run.config[f'{part}_dataloader'].dataset.get('split'): part
        for part in ('test', 'train')
        if run.config.get(f'{part}_dataloader') is not None
    }
    clips = {clip['frame_dir']: clip for clip in prepared['annotations']}
    rows = []
    for name, members in {None: list(clips), **prepared['split']}.items():
        labels = Counter(clips[member]['label'] for member in members)
        lengths = [clips[member]['total_frames'] for member in members]
        rows.append(
            [
                'all' if name is None else name,
                used.get(name, ''),
                str(len(members)),
                str(len(labels)),
                f'{min(labels.values())} to {max(labels.values())}',
                f'{min(lengths)} to {max(lengths)}',
            ]
            if members
            else [name, used.get(name, ''), '0', '0', '', '']
        )
    blocks = [
        Note(
            f'{root}: {num} clips of {prepared["dataset"]}, '
            f'{prepared["num_classes"]} classes, {persons} '
            f'person{"s" * (persons > 1)}, {frames} frames, {joints} joints '
            f'({layout if isinstance(layout, str) else "own layout"}).'
        ),
        Table(
            ['split', 'used to', 'clips', 'classes', 'clips a class']
            + ['raw frames'],
            rows,
        ),
    ]
    dropped = (prepared.get('dropped') or {}).items()
    reasons = ', '.join(f'{n} {why}' for why, n in dropped if n)
    if reasons:
        blocks.append(Note(f'Not in the folder: {reasons}.'))
    return blocks


def _curves(run: WorkDir) -> List:
    pictures, absent = [], []
    for title, (start, end) in _PANELS.items():
        curves = {
            # what the title says is left out
            n[len(start) :].removesuffix(end).strip('_') or n: v
            for n, v in run.logs.items()
            if n.startswith(start) and n.endswith(end)
        }
        if curves:
            pictures.append(curve_picture(title, curves))
        else:
            absent.append(title)
    blocks: List = [Pictures(pictures)] if pictures else []
    if absent:
        blocks.append(Note(f'Not logged: {"; ".join(absent)}.'))
    return blocks


def curve_picture(title: str, curves: Curves) -> Picture:
    """A panel with a line for each name."""
    figure = curves_figure([('', [curves])])
    size = 9 if max(map(len, curves)) < 20 else 7
    for text in figure.axes[0].get_legend().get_texts():
        text.set_fontsize(size)
    return picture(figure, title)


def accuracy_blocks(run: WorkDir) -> List:
    """Accuracies on the test clips, a row a stream."""
    if not run.accuracies:
        return [
            Missing(
                'None: the run was not evaluated while it was trained. '
                'Configs of configs/linear evaluate its checkpoint.'
            )
        ]
    # such as joint_top1, joint_knn20_top1 or, of one modality, top1
    named = {
        tuple(f'_{name}'.rpartition('_')[::2]): accuracy
        for name, accuracy in run.accuracies.items()
    }
    metrics = list(dict.fromkeys(metric for _, metric in named))
    rows = []
    for stream in dict.fromkeys(stream for stream, _ in named):
        row = [stream.strip('_') or 'all']
        for metric in metrics:
            a = named.get((stream, metric))
            best = '' if a is None else f'{percent(a.best)} ({a.epoch})'
            row += [percent(a and a.last), best]
        rows.append(row)
    header = [f'{m} {kind}' for m in metrics for kind in ('last', 'best')]
    return [
        Table(['stream', *header], rows),
        Note(
            'Percent of the test clips, of the last epoch and of the best one '
            '(which), chosen on the same clips: only the last one is a fair '
            'measure.'
        ),
        *_baseline_blocks(run),
    ]


def _baseline_blocks(run: WorkDir) -> List:
    learnt = {f'acc/{name}': a.last for name, a in run.accuracies.items()}
    blocks = []
    for entry in run.baselines:
        below = doubt(top1(learnt), entry)
        blocks.append(
            Note(
                f'Without learned features, on the joints of {entry["val"]}, '
                f'fitted to {entry["train"]}: ridge {entry["ridge"]:.1f}, '
                f'nearest neighbour {entry["nn1"]:.1f}.'
                + (f' {below[0].upper()}{below[1:]}.' if below else '')
            )
        )
    return blocks


def _environment(run: WorkDir) -> List:
    rows = [list(pair) for pair in run.environment]
    if 'commit' in run.record:
        rows.append(['commit', str(run.record['commit'])])
    return [Table(['', ''], rows)]
