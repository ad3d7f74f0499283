"""The steps of tools/quickstart.sh, each one of the project's own commands.

The result is a table, and ``work_dirs/quickstart/results.json``.
"""

import argparse
import json
import re
import shlex
import shutil
import subprocess
import sys
import time
from collections import deque
from pathlib import Path
from typing import Dict, List

from rich.console import Console
from rich.table import Table

from projects.ikem.evaluation.baselines import prepared_baselines

ROOT = Path(__file__).resolve().parents[1]
WORK_DIR = ROOT / 'work_dirs/quickstart'
DATA = Path('work_dirs/quickstart_data')  # kept for the next run
LOG = WORK_DIR / 'log.txt'
SPLIT = 'xsub'
PRETRAIN = 'configs/ikem/ikem-3m_stgcn-slim-w8_1xb32-30e_synthetic-xsub.py'
LINEAR = 'configs/linear/linear-3m_stgcn-slim-w8_1xb64-100e_synthetic-xsub.py'
LOADERS = {PRETRAIN: ['train'], LINEAR: ['train', 'val', 'test']}
# Encoders that differ from the pre-trained ones by the training alone: the
# norm layers see the data, in many small batches, and nothing is learnt.
UNTRAINED = [
    'optim_wrapper.optimizer.lr=0',
    'train_cfg.max_epochs=2',
    'train_dataloader.batch_size=8',
]


def run(*command: str, show: str = r'^(?!\[)') -> float:
    """Run a command of the project; returns the seconds it took.

    All it prints goes to a log, lines that match ``show``, by default
    all but progress bars, to the screen.
    """
    start = time.time()
    print(f'\n$ python {shlex.join(command)}', flush=True)
    with (
        LOG.open('a') as log,
        subprocess.Popen(
            [sys.executable, *command],
            cwd=ROOT,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        ) as process,
    ):
        last = deque(maxlen=30)
        for line in process.stdout:
            log.write(line)
            last.append(line)
            if re.search(show, line):
                print(line, end='', flush=True)
    if process.returncode != 0:
        sys.exit(f'{"".join(last)}\nfailed; see {LOG}')
    return time.time() - start


def train(name: str, config: str, show: str, *args: str) -> float:
    return run(
        'tools/train.py',
        config,
        '--work-dir',
        str(Path(WORK_DIR / name).relative_to(ROOT)),
        *args,
        'default_hooks.logger.interval=1000',
        *(
            f'{loader}_dataloader.dataset.data_root={DATA / "prepared"}'
            for loader in LOADERS[config]
        ),
        show=show,
    )


def pretrain(name: str, *options: str) -> float:
    args = ['--amp', '--cfg-options', *options]
    return train(name, PRETRAIN, r'Epoch\(train\)', *args)


def evaluate(name: str) -> float:
    # relative: --cfg-options removes blanks from values
    checkpoint = (WORK_DIR / name / 'last_checkpoint').read_text()
    checkpoint = (ROOT / checkpoint).relative_to(ROOT)
    args = ['--cfg-options', f'model.pretrained={checkpoint}']
    return train(f'{name}_linear', LINEAR, r'Epoch\(val\) \[\d*0\]', *args)


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

    shutil.rmtree(WORK_DIR, ignore_errors=True)
    WORK_DIR.mkdir(parents=True)
    seconds = {'installation': time.time() - args.started}
    if not (ROOT / DATA / 'raw').exists():
        seconds['synthesis'] = run(
            'tools/data/make_synthetic_ntu.py', str(DATA / 'raw')
        )
    if not (ROOT / DATA / 'prepared').exists():
        seconds['preparation'] = run(
            'tools/data/prepare_ntu.py',
            str(DATA / 'raw'),
            str(DATA / 'prepared'),
            '--dataset',
            'ntu60',
            '--num-frames',
            '25',
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
        baselines=prepared_baselines(ROOT / DATA / 'prepared')[SPLIT],
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
