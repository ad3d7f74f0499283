"""What ``exchange_loss.py`` measures."""

import argparse
import gc
import resource
import statistics
import time
from itertools import permutations
from multiprocessing import get_context
from typing import Callable, Dict, List, Tuple

import torch
import torch.nn.functional as F
from mmengine.device import get_device
from plain import plain_exchange
from rich.console import Console
from rich.progress import track
from rich.table import Table
from torch import Tensor

from projects.ikem.models.losses import explicit_exchange

FORMS: Dict[str, Callable] = {
    'plain': plain_exchange,
    'ours': explicit_exchange,
}


def make_inputs(args: argparse.Namespace) -> Tuple:
    torch.manual_seed(0)
    names = [f'm{i}' for i in range(args.modalities)]

    def unit(size: int) -> Dict[str, Tensor]:
        return {
            u: F.normalize(torch.randn(size, 128, device=args.device), dim=1)
            for u in names
        }

    z, zhat, bank = unit(args.batch), unit(args.batch), unit(args.bank)
    for x in z.values():
        x.requires_grad_()
    return z, zhat, bank, list(permutations(names, 2))


def step(form: str, inputs: Tuple) -> Tensor:
    """Forward and backward pass; the gradient of the first modality."""
    z = inputs[0]
    for x in z.values():
        x.grad = None
    sum(FORMS[form](*inputs).values()).backward()
    return next(iter(z.values())).grad


def seconds(args: argparse.Namespace) -> Dict[str, List[float]]:
    """Time of steps, the two forms in turn."""
    inputs = make_inputs(args)
    gradients = {form: step(form, inputs).clone() for form in FORMS}  # warm-up
    torch.testing.assert_close(*gradients.values(), rtol=1e-3, atol=1e-4)
    times = {form: [] for form in FORMS}
    for _ in track(range(args.steps), 'steps', transient=True):
        for form in FORMS:
            start = time.perf_counter()
            step(form, inputs)
            if args.device != 'cpu':
                torch.cuda.synchronize()
            times[form].append(time.perf_counter() - start)
    return times


def extra_mebibytes(form: str, args: argparse.Namespace) -> float:
    """Peak memory of a step above that of its inputs."""
    torch.set_num_threads(args.threads)
    inputs = make_inputs(args)
    gc.collect()
    if args.device != 'cpu':
        torch.cuda.reset_peak_memory_stats()
        before = torch.cuda.memory_allocated()
        step(form, inputs)
        return (torch.cuda.max_memory_allocated() - before) / 2**20
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    step(form, inputs)
    after = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return (after - before) / 2**10


def run(args: argparse.Namespace) -> None:
    """Measure and print."""
    torch.set_num_threads(args.threads)
    args.device = args.device or get_device()
    memory = {}
    # a process each, since the peak of a process never falls
    for form in FORMS:
        with get_context('spawn').Pool(1) as pool:
            memory[form] = pool.apply(extra_mebibytes, (form, args))
    times = seconds(args)
    median = {form: statistics.median(t) for form, t in times.items()}
    table = Table(
        title=f'{args.modalities} modalities, N={args.batch}, K={args.bank}, '
        f'forward and backward, {args.device}, {args.threads} threads'
    )
    for column in ('', 'seconds (median)', 'min - max', 'extra MiB'):
        table.add_column(column, justify='right' if column else 'left')
    for form, t in times.items():
        table.add_row(
            form,
            f'{median[form]:.3f}',
            f'{min(t):.3f} - {max(t):.3f}',
            f'{memory[form]:.0f}',
        )
    table.add_row(
        'ours / plain',
        f'{median["ours"] / median["plain"]:.2f}',
        '',
        f'{memory["ours"] / memory["plain"]:.2f}',
    )
    Console().print(table)
