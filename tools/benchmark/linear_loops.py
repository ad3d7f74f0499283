"""What ``linear_eval.py`` measures."""

import argparse
import tempfile
import time
from copy import deepcopy
from pathlib import Path
from typing import Callable, Dict, List, NamedTuple

import torch
from mmengine.config import Config
from mmengine.hooks import Hook
from mmengine.runner import Runner
from rich.console import Console
from rich.progress import Progress
from rich.table import Table
from torch import Tensor

from projects.ikem.engine.cli import read_config
from projects.ikem.engine.config_check import apply_options
from projects.ikem.engine.loops.frozen_feature_loop import extract_features

ORDINARY, CACHED = 'EpochBasedTrainLoop', 'FrozenFeatureTrainLoop'


class ProgressHook(Hook):
    """Show how far a training is."""

    def __init__(self, name: str) -> None:
        self.name = name

    def before_train(self, runner: Runner) -> None:
        self.progress = Progress(transient=True)
        self.progress.start()
        self.task = self.progress.add_task(self.name, total=runner.max_iters)

    def after_train_iter(self, runner: Runner, *args, **kwargs) -> None:
        self.progress.advance(self.task)

    def after_train(self, runner: Runner) -> None:
        self.progress.stop()


class Training(NamedTuple):
    """What a training gave: its duration, accuracies of its last epoch and
    logits of the validation clips, by stream."""

    seconds: float
    accuracy: Dict[str, float]
    logits: Dict[str, Tensor]


def train(cfg: Config, loop: str, epochs: int) -> Training:
    cfg = deepcopy(cfg)
    cfg.train_cfg = dict(type=loop, max_epochs=epochs)
    cfg.default_hooks.checkpoint = None
    with tempfile.TemporaryDirectory() as work_dir:
        cfg.work_dir = work_dir
        # mmengine tells runs of one second apart by it
        cfg.experiment_name = Path(work_dir).name
        runner = Runner.from_cfg(cfg)
        runner.register_hook(ProgressHook(loop))
        seconds = []
        runner.train_loop.run = timed(runner.train_loop.run, seconds)
        runner.train()
    # of clips, whatever the loop's own dataloader has become
    loader = runner.build_dataloader(cfg.val_dataloader, seed=runner.seed)
    features = extract_features(runner.model, loader).features
    with torch.no_grad():
        logits = runner.model.classify(features)
    scalars = runner.message_hub.log_scalars
    accuracy = {
        name[len('val/') :]: history.current()
        for name, history in scalars.items()
        if name.startswith('val/acc') and name.endswith('top1')
    }
    return Training(seconds[0], accuracy, logits)


def timed(run: Callable, seconds: List[float]) -> Callable:
    def run_timed():
        start = time.perf_counter()
        model = run()
        if torch.cuda.is_available():
            torch.cuda.synchronize()
        seconds.append(time.perf_counter() - start)
        return model

    return run_timed


def run(args: argparse.Namespace) -> None:
    """Measure and print."""
    few = args.ordinary_epochs or args.epochs
    cfg = read_config(args.config)
    if not cfg.get('model', {}).get('frozen'):
        raise ValueError(
            f'{args.config} is no linear evaluation: its model is '
            'not a frozen SkeletonClassifier'
        )
    apply_options(cfg, args.cfg_options)
    cfg.log_level = 'WARNING'
    ordinary = train(cfg, ORDINARY, few)
    cached = train(cfg, CACHED, args.epochs)
    same = cached if few == args.epochs else train(cfg, CACHED, few)

    seconds = ordinary.seconds * args.epochs / few
    how = (
        'measured'
        if few == args.epochs
        else f'extrapolated from the {ordinary.seconds:.1f} s of {few} epochs'
    )
    console = Console(width=100)
    console.print(
        f'{args.epochs} epochs, ordinary loop: {seconds:.1f} s ({how})\n'
        f'{args.epochs} epochs, cached loop: {cached.seconds:.1f} s '
        '(measured, extraction included)\n'
        f'ratio: {seconds / cached.seconds:.1f}',
        highlight=False,
    )
    table = Table(title=f'after {few} epochs of each loop')
    for column in ('', 'ordinary', 'cached'):
        table.add_column(column, justify='right' if column else 'left')
    for name, accuracy in ordinary.accuracy.items():
        table.add_row(name, f'{accuracy:.4f}', f'{same.accuracy[name]:.4f}')
    console.print(table)
    difference = max(
        (same.logits[stream] - logits).abs().max().item()
        for stream, logits in ordinary.logits.items()
    )
    largest = max(x.abs().max().item() for x in ordinary.logits.values())
    console.print(
        f'largest difference of logits: {difference:.1e} '
        f'(largest logit: {largest:.1f})',
        highlight=False,
    )
