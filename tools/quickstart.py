"""The steps of tools/quickstart.sh, each one of the project's own commands.

The result is a table, and ``work_dirs/quickstart/results.json``.
"""

import argparse
import json
import shlex
import subprocess
import sys
import time
from pathlib import Path
from typing import Dict, List

from rich.console import Console
from rich.table import Table

from projects.ikem.evaluation.baselines import prepared_baselines

ROOT = Path(__file__).resolve().parents[1]
WORK_DIR = ROOT / 'work_dirs/quickstart'
RAW = 'data/synthetic/raw'
PREPARED = 'data/synthetic/prepared'
SPLIT = 'xsub'
PRETRAIN = 'configs/skeletonclr/skeletonclr-3m_stgcn-slim-w8_1xb64-30e_synthetic-xsub.py'  # noqa: E501
LINEAR = 'configs/linear/linear-3m_stgcn-slim-w8_1xb64-100e_synthetic-xsub.py'
# Encoders that differ from the pre-trained ones by the training alone: norm
# layers get to know the data, nothing else is learnt.
UNTRAINED = [
    '--cfg-options',
    'optim_wrapper.optimizer.lr=0',
    'train_cfg.max_epochs=3',
]


def run(*command: str) -> float:
    """Run a command of the project; returns the seconds it took."""
    start = time.time()
    print(f'\n$ python {shlex.join(command)}', flush=True)
    subprocess.run([sys.executable, *command], cwd=ROOT, check=True)
    return time.time() - start


def pretrain(name: str, *args: str) -> float:
    return run(
        'tools/train.py', PRETRAIN, '--work-dir', str(WORK_DIR / name), *args
    )


def evaluate(name: str) -> float:
    checkpoint = (WORK_DIR / name / 'last_checkpoint').read_text()
    return run(
        'tools/train.py',
        LINEAR,
        '--work-dir',
        str(WORK_DIR / f'{name}_linear'),
        '--cfg-options',
        f'model.pretrained={checkpoint}',
    )


def accuracies(name: str) -> Dict[str, Dict[str, float]]:
    """Top-1 accuracy in percent of each stream, of the last epoch and of the
    best one."""
    log = max((WORK_DIR / f'{name}_linear').glob('*/vis_data/scalars.json'))
    entries = [json.loads(line) for line in log.read_text().splitlines()]
    entries = [entry for entry in entries if 'acc/fused_top1' in entry]
    streams = [
        key[len('acc/') : -len('_top1')]
        for key in entries[0]
        if key.endswith('_top1')
    ]
    history = {s: [100 * e[f'acc/{s}_top1'] for e in entries] for s in streams}
    return {s: dict(last=h[-1], best=max(h)) for s, h in history.items()}


def print_table(results: Dict) -> None:
    table = Table(
        title='Synthetic skeletons, cross-subject: top-1 accuracy in percent'
    )
    for column in ('', 'last epoch', 'best epoch'):
        table.add_column(column, justify='right' if column else 'left')
    for name, title in (
        ('pretrained', 'pre-trained'),
        ('untrained', 'untrained'),
    ):
        for stream, acc in results['linear'][name].items():
            table.add_row(
                f'{title} encoder, {stream}',
                f'{acc["last"]:.1f}',
                f'{acc["best"]:.1f}',
            )
        table.add_section()
    for name, acc in results['baselines'].items():
        table.add_row(f'{name} on 24 resampled frames', f'{acc:.1f}', '')
    Console().print(table)


def main(argv: List[str]) -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument(
        '--started',
        type=float,
        default=time.time(),
        help='when the clock started, seconds since the epoch',
    )
    args = parser.parse_args(argv)

    seconds = {'installation': time.time() - args.started}
    if not (ROOT / RAW).exists():
        seconds['synthesis'] = run('tools/data/make_synthetic_ntu.py', RAW)
    if not (ROOT / PREPARED).exists():
        seconds['preparation'] = run(
            'tools/data/prepare_ntu.py', RAW, PREPARED, '--dataset', 'ntu60'
        )
    seconds['pretraining'] = pretrain('pretrained')
    seconds['untrained'] = pretrain('untrained', *UNTRAINED)
    for name in ('pretrained', 'untrained'):
        seconds[f'linear_{name}'] = evaluate(name)

    results = dict(
        configs=dict(pretraining=PRETRAIN, linear=LINEAR),
        linear={
            name: accuracies(name) for name in ('pretrained', 'untrained')
        },
        baselines=prepared_baselines(ROOT / PREPARED)[SPLIT],
        seconds=dict(seconds, total=time.time() - args.started),
    )
    path = WORK_DIR / 'results.json'
    path.write_text(json.dumps(results, indent=2) + '\n')
    print_table(results)
    print(
        f'{results["seconds"]["total"]:.0f} s in all; written to '
        f'{path.relative_to(ROOT)}'
    )


if __name__ == '__main__':
    main(sys.argv[1:])
