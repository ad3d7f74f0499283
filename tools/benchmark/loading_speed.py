"""What ``dataloader.py`` measures."""

import argparse
import multiprocessing
import statistics
import tempfile
import time
from contextlib import contextmanager
from copy import deepcopy
from itertools import islice
from pathlib import Path
from typing import Dict, Iterable, Iterator, Optional

import numpy as np
import torch
from mmaction.registry import MODELS
from mmengine.config import Config
from mmengine.device import get_device
from mmengine.registry import init_default_scope
from mmengine.runner import Runner
from rich.console import Console
from rich.progress import track
from rich.table import Table
from torch.utils.data import DataLoader

from projects.ikem.datasets.prepared import PreparedWriter
from projects.ikem.engine.cli import read_config

PERSONS, FRAMES, JOINTS = 2, 50, 25
DISTINCT = 256  # clips made are copies of so many
FORMS = {'ours': None, 'plain': dict(type='pseudo_collate')}


@contextmanager
def prepared_folder(given: Optional[str], clips: int) -> Iterator[str]:
    """The folder that is given, or a temporary one of random clips."""
    if given is not None:
        yield given
        return
    random = np.random.default_rng(0)
    shape = (DISTINCT, PERSONS, FRAMES, JOINTS, 3)
    keypoints = random.normal(size=shape).astype(np.float32)
    with tempfile.TemporaryDirectory() as parent:
        folder = Path(parent, 'prepared')
        with PreparedWriter(folder, 'random', 'ntu-25', 60, clips) as writer:
            for i in track(range(clips), 'making clips', transient=True):
                keypoint = keypoints[i % DISTINCT]
                writer.append(keypoint, f'clip{i:06d}', i % 60, FRAMES + 25)
            writer.commit({})
        yield str(folder)


def build_loader(
    cfg: Config, folder: str, workers: int, **changes
) -> DataLoader:
    loader = deepcopy(cfg.train_dataloader)
    loader.update(
        num_workers=workers, persistent_workers=workers > 0, **changes
    )
    loader.dataset.update(data_root=folder, split=None)
    loader = Runner.build_dataloader(loader, seed=0)
    loader.dataset.set_epoch(0, 0)
    return loader


def samples_per_second(
    cfg: Config, folder: str, workers: int, args: argparse.Namespace
) -> Dict[str, Iterable[float]]:
    """Of some rounds of batches, the two forms in turn."""
    preprocessor = MODELS.build(
        {**cfg.model.data_preprocessor, 'modalities': ['joint']}
    ).to(args.device)
    iterators = {}
    for form, collate in FORMS.items():
        changes = dict(sampler=dict(type='InfiniteSampler', shuffle=True))
        if collate is not None:
            changes.update(collate_fn=collate)
        iterators[form] = iter(build_loader(cfg, folder, workers, **changes))
    rates = {form: [] for form in FORMS}
    for _ in track(range(args.rounds), f'{workers} workers', transient=True):
        for form, batches in iterators.items():
            # what was read while the other form was timed, two a worker
            for _ in islice(batches, 2 * workers + 1):
                pass
            start, num = time.perf_counter(), 0
            for batch in islice(batches, args.batches):
                num += len(preprocessor(batch)['inputs']['joint'])
            if args.device != 'cpu':
                torch.cuda.synchronize()
            rates[form].append(num / (time.perf_counter() - start))
    return rates


def print_speed(
    cfg: Config, folder: str, console: Console, args: argparse.Namespace
) -> None:
    table = Table(title='two-view samples/s, median (min - max)')
    for column in ('workers', *FORMS, 'ours / plain'):
        table.add_column(column, justify='right')
    for workers in args.workers:
        rates = samples_per_second(cfg, folder, workers, args)
        median = {form: statistics.median(r) for form, r in rates.items()}
        table.add_row(
            str(workers),
            *(
                f'{median[form]:,.0f} ({min(r):,.0f} - {max(r):,.0f})'
                for form, r in rates.items()
            ),
            f'{median["ours"] / median["plain"]:.2f}',
        )
    console.print(table)


def proportional_set_size(pids: Iterable[int]) -> Dict[str, float]:
    """MiB of processes by kind: shared pages are divided among those that
    have them."""
    sums = dict.fromkeys(('Pss', 'Pss_Anon', 'Pss_File', 'Pss_Shmem'), 0.0)
    for pid in pids:
        rollup = Path(f'/proc/{pid}/smaps_rollup').read_text()
        for line in rollup.splitlines()[1:]:
            field, kib, *_ = line.split()
            if field[:-1] in sums:
                sums[field[:-1]] += int(kib) / 2**10
    return sums


def print_memory(
    cfg: Config, folder: str, console: Console, args: argparse.Namespace
) -> None:
    """What main process and workers occupy after each epoch."""
    table = Table(title='MiB (PSS) after each epoch')
    columns = ('workers', 'epoch', 'main', 'workers together', 'all')
    kinds = {'Pss_Anon': 'own', 'Pss_File': 'map', 'Pss_Shmem': 'batches'}
    for column in (*columns, *(f'all: {kind}' for kind in kinds.values())):
        table.add_column(column, justify='right')
    for workers in args.workers:
        loader = build_loader(cfg, folder, workers)
        for epoch in track(
            range(args.epochs), f'{workers} workers', transient=True
        ):
            loader.dataset.set_epoch(0, epoch)
            for _ in loader:
                pass
            children = [p.pid for p in multiprocessing.active_children()]
            main = proportional_set_size(['self'])
            theirs = proportional_set_size(children)
            table.add_row(
                str(workers),
                str(epoch + 1),
                f'{main["Pss"]:.0f}',
                f'{theirs["Pss"]:.0f}',
                f'{main["Pss"] + theirs["Pss"]:.0f}',
                *(f'{main[kind] + theirs[kind]:.0f}' for kind in kinds),
                end_section=epoch + 1 == args.epochs,
            )
        del loader  # ends its workers
    console.print(table)


def run(args: argparse.Namespace) -> None:
    """Measure and print."""
    torch.set_num_threads(args.threads)
    args.device = args.device or get_device()
    if args.workers is None:
        args.workers = [1, 2, 4] if args.memory else [0, 1, 2, 4]
    cfg = read_config(args.config)
    init_default_scope(cfg.get('default_scope', 'mmaction'))
    with prepared_folder(args.data_root, args.clips) as folder:
        tell = print_memory if args.memory else print_speed
        tell(cfg, folder, Console(width=100), args)
