"""What ``step_time.py`` measures."""

import argparse
import time
from collections import defaultdict
from concurrent.futures import ProcessPoolExecutor
from contextlib import ExitStack
from multiprocessing import get_context
from pathlib import Path
from statistics import median
from typing import Callable, Dict, Iterator, List, NamedTuple, Tuple

import torch
from mmaction.registry import MODELS
from mmaction.structures import ActionDataSample
from mmengine.config import Config
from mmengine.device import get_device
from mmengine.model import BaseModel
from mmengine.optim import OptimWrapper, build_optim_wrapper
from mmengine.registry import FUNCTIONS, init_default_scope
from mmengine.runner import Runner
from plain import plain_form
from rich.console import Console
from rich.progress import track
from rich.table import Table
from torch.profiler import ProfilerActivity

from count_operations import count  # isort: skip
from projects.ikem.compat import require_compiler
from projects.ikem.engine.cli import read_config
from projects.ikem.engine.config_check import apply_options
from projects.ikem.engine.hooks import keep_freed_memory
from projects.ikem.models.algorithms.base import PretrainingModel

# What the timers are wrapped around; the rest is 'other': projectors, bank
# and what is logged.
PHASES = {
    'data_preprocessor.forward': 'modalities',
    'query.features': 'encoders, query',
    'update_keys': 'encoders, key',
    'key.features': 'encoders, key',
    'teacher.forward': 'encoders, teacher',
    'objective': 'loss',
    'exchange': 'loss',
    # of the plain form
    'extract_feat': 'encoders, query',
    'encode_keys': 'encoders, key',
    'contrast': 'loss',
    'distill': 'loss',
}
OPTIMISER = {'backward': 'backward', 'step': 'optimiser'}


class Form(NamedTuple):
    """One way to take a step."""

    plain: bool
    amp: bool

    def __str__(self) -> str:
        name = 'plain' if self.plain else 'ours'
        return f'{name}, {"bfloat16" if self.amp else "float32"}'


class Training(NamedTuple):
    model: BaseModel
    optim_wrapper: OptimWrapper
    batches: Iterator[Dict]

    def step(self) -> Dict[str, torch.Tensor]:
        return self.model.train_step(next(self.batches), self.optim_wrapper)


def load(args: argparse.Namespace) -> Config:
    """The config, with what the command line changes of it."""
    cfg = read_config(args.config)
    apply_options(cfg, args.cfg_options)
    init_default_scope(cfg.get('default_scope', 'mmaction'))
    if args.dropout is not None:
        for part in (cfg.model, cfg.model.get('teacher', {})):
            if 'backbone' in part:
                slim = part.backbone.type == 'SlimSTGCN'
                key = 'dropout' if slim else 'tcn_dropout'
                part.backbone[key] = args.dropout
    return cfg


def build(form: Form, stage: int, args: argparse.Namespace) -> Training:
    """A training, as ``tools/train.py`` would build it, or its plain form."""
    cfg = load(args)
    torch.manual_seed(0)
    model = MODELS.build(cfg.model)
    model.set_progress(stage - 1, 2)
    if form.plain:
        model = plain_form(model)
    model = model.to(args.device).train()
    if args.channels_last and not form.plain:
        model = model.to(memory_format=torch.channels_last)
    if args.compile and not form.plain:
        options = cfg.get('compile')
        options = options if isinstance(options, dict) else {}
        require_compiler(options)
        model.compile(**options)
    if form.amp:
        cfg.optim_wrapper.type = 'BFloat16OptimWrapper'
    wrapper = build_optim_wrapper(model, cfg.optim_wrapper)
    return Training(model, wrapper, batches(cfg, form.plain, args))


def batches(
    cfg: Config, plain: bool, args: argparse.Namespace
) -> Iterator[Dict]:
    """Batches without end, read in this process."""
    loader = cfg.train_dataloader
    loader.update(
        batch_size=args.batch, num_workers=0, persistent_workers=False
    )
    if plain:
        loader.collate_fn = dict(type='pseudo_collate')
    if has_data(cfg):
        loader = Runner.build_dataloader(loader, seed=0)
        loader.dataset.set_epoch(0, 0)  # the same views for all forms
        if not len(loader):
            raise ValueError(
                f'{loader.dataset.data_root} has {len(loader.dataset)} clips, '
                f'less than a batch: give a smaller --batch than {args.batch}'
            )
        while True:
            yield from loader
    name = loader.get('collate_fn', dict(type='pseudo_collate'))['type']
    samples = random_clips(cfg, args)
    while True:
        yield FUNCTIONS.get(name)(samples)


def has_data(cfg: Config) -> bool:
    return Path(cfg.train_dataloader.dataset.data_root).exists()


def random_clips(cfg: Config, args: argparse.Namespace) -> List[Dict]:
    """Clips of the config's skeleton."""
    layout = MODELS.build(cfg.model.data_preprocessor).layout
    shape = (2, args.persons, args.frames, layout.num_joints, 3)
    random = torch.Generator().manual_seed(0)
    samples = []
    for i in range(args.batch):
        sample = ActionDataSample(metainfo=dict(frame_dir=f'clip{i}'))
        sample.set_field(1.5, 'time_scale')
        sample.set_field(torch.ones(args.persons).bool(), 'persons')
        joints = torch.randn(shape, generator=random)
        samples.append(dict(inputs=joints, data_samples=sample))
    return samples


def synchronize(device: str) -> None:
    if device != 'cpu':
        torch.cuda.synchronize()


def wrap_timers(
    training: Training, device: str
) -> Tuple[Dict[str, float], Training]:
    """Let the phases of steps add their seconds to a dict by name."""
    seconds = defaultdict(float)

    def timed(function: Callable, phase: str) -> Callable:
        def run(*args, **kwargs):
            synchronize(device)
            start = time.perf_counter()
            result = function(*args, **kwargs)
            synchronize(device)
            seconds[phase] += time.perf_counter() - start
            return result

        return run

    wrapper = training.optim_wrapper
    for owner, phases in ((training.model, PHASES), (wrapper, OPTIMISER)):
        for path, phase in phases.items():
            *parents, name = path.split('.')
            part = owner
            for parent in parents:
                part = getattr(part, parent, None)
            if hasattr(part, name):
                setattr(part, name, timed(getattr(part, name), phase))
    data = timed(training.batches.__next__, 'data')
    return seconds, training._replace(batches=iter(data, None))


class Process:
    """A training in this process, of which another one asks steps."""

    def __init__(
        self, form: Form, stage: int, args: argparse.Namespace
    ) -> None:
        torch.set_num_threads(args.threads)
        if not form.plain:  # as KeepMemoryHook does
            keep_freed_memory()
        self.device = args.device
        self.seconds, self.training = wrap_timers(
            build(form, stage, args), args.device
        )

    def step(self) -> Tuple[float, Dict[str, float]]:
        """Its loss, and the seconds of its phases."""
        self.seconds.clear()
        start = time.perf_counter()
        loss = self.training.step()['loss'].item()
        synchronize(self.device)
        total = time.perf_counter() - start
        other = total - sum(self.seconds.values())
        return loss, {**self.seconds, 'other': other, 'step': total}


def profile(device: str) -> str:
    """Table of the operations of a step."""
    kinds = [ProfilerActivity.CPU]
    if device != 'cpu':
        kinds.append(ProfilerActivity.CUDA)
    with torch.profiler.profile(activities=kinds) as profiler:
        process.step()
    where = 'cpu' if device == 'cpu' else 'device'
    return profiler.key_averages().table(
        sort_by=f'self_{where}_time_total', row_limit=15
    )


def new_process() -> ProcessPoolExecutor:
    return ProcessPoolExecutor(1, get_context('spawn'))


def start(*args) -> None:
    global process
    process = Process(*args)


def step() -> Tuple[float, Dict[str, float]]:
    return process.step()


def measure(
    forms: List[Form], stage: int, args: argparse.Namespace
) -> Dict[Form, Dict[str, List[float]]]:
    """Seconds of each step, and of its phases, the forms in turn, each in a
    process of its own, since memory of one is not that of the other."""
    times = {form: defaultdict(list) for form in forms}
    with ExitStack() as stack:
        pools = {form: stack.enter_context(new_process()) for form in forms}
        for form, pool in pools.items():
            pool.submit(start, form, stage, args).result()
        steps = range(args.warmup + args.steps)
        for i in track(steps, 'steps', transient=True):
            for form, pool in pools.items():
                loss, seconds = pool.submit(step).result()
                if i == 0:
                    times[form]['first loss'].append(loss)
                if i >= args.warmup:
                    for phase, t in seconds.items():
                        times[form][phase].append(t)
        if args.profile:
            print(pools[forms[0]].submit(profile, args.device).result())
    return times


def memory(form: Form, stage: int, args: argparse.Namespace) -> float:
    """Peak MiB of two steps, gradients and momentum included, above those of
    the model, its banks and clips."""
    torch.set_num_threads(args.threads)
    if not form.plain:
        keep_freed_memory()
    training = build(form, stage, args)
    if args.device != 'cpu':
        torch.cuda.reset_peak_memory_stats()
        before = torch.cuda.memory_allocated()
        training.step(), training.step()
        return (torch.cuda.max_memory_allocated() - before) / 2**20
    before = resident('VmRSS')
    training.step(), training.step()
    return (resident('VmHWM') - before) / 2**10


def resident(field: str) -> float:
    """KiB of memory of this process, now (VmRSS) or at most (VmHWM)."""
    for line in Path('/proc/self/status').read_text().splitlines():
        if line.startswith(f'{field}:'):
            return float(line.split()[1])
    raise RuntimeError(f'/proc/self/status has no {field}: needs Linux')


def run(args: argparse.Namespace) -> None:
    """Measure and print."""
    args.device = args.device or get_device()
    cfg = load(args)
    stage = which_stage(cfg, args.stage)
    forms = [Form(plain=False, amp=args.amp)]
    if args.count:
        training = build(forms[0], stage, args)
        training.step()
        counts = count(training.step)
        print(f'{sum(counts.values())} operations, stage {stage}')
        for name, number in counts.most_common(20):
            print(f'{number:6} {name.replace("aten::", "")}')
        return
    if args.plain:
        forms += [Form(plain=True, amp=amp) for amp in {args.amp, False}]
    cases = [(form, stage) for form in forms]
    if stage == 2:
        cases.append((forms[0], 1))
    peaks = {}
    for case in cases if args.memory else ():
        # a process each, since the peak of a process never falls
        with new_process() as pool:
            peaks[case] = pool.submit(memory, *case, args).result()
    times = measure(forms, stage, args)
    console = Console(width=100)
    data = cfg.train_dataloader.dataset.data_root
    console.print(
        f'{Path(args.config).stem}, stage {stage}\n{args.device}, '
        f'{args.threads} threads, batches of {args.batch}, '
        + (data if has_data(cfg) else f'random joints ({data} is not there)'),
        highlight=False,
    )
    console.print(summary(forms, stage, times, peaks, args.batch))
    console.print(split(forms, times))
    ours, *others = forms
    for form in others:
        ratio = median(times[form]['step']) / median(times[ours]['step'])
        console.print(f'{form} / {ours}: {ratio:.2f}', highlight=False)
    if (ours, 1) in peaks and stage == 2:
        extra = peaks[ours, 2] / peaks[ours, 1] - 1
        console.print(
            f'memory of stage 2 above stage 1, {ours}: {extra:+.0%}',
            highlight=False,
        )


def which_stage(cfg: Config, stage: int) -> int:
    kind = MODELS.get(cfg.model.type)
    if not issubclass(kind, PretrainingModel):
        raise ValueError(
            f'{cfg.filename} is no pre-training and no distillation: its '
            f'model is a {kind.__name__}'
        )
    last = 2 if len(MODELS.build(cfg.model).exchanges) else 1
    if stage == 2 and last == 1:
        raise ValueError(f'{cfg.model.type} has no second stage')
    return stage or last


def summary(forms, stage, times, peaks, batch) -> Table:
    table = Table(title='a step')
    for column in ('', 'seconds', 'min - max', 'samples/s', 'MiB', 'loss'):
        table.add_column(column, justify='right' if column else 'left')
    for form in forms:
        t = times[form]['step']
        table.add_row(
            str(form),
            f'{median(t):.3f}',
            f'{min(t):.3f} - {max(t):.3f}',
            f'{batch / median(t):.1f}',
            f'{peaks[form, stage]:.0f}' if peaks else '',
            f'{times[form]["first loss"][0]:.4f}',
        )
    return table


def split(forms, times) -> Table:
    table = Table(title='where the seconds go (medians)')
    table.add_column('')
    for form in forms:
        table.add_column(str(form), justify='right')
    phases = ['data', *dict.fromkeys({**PHASES, **OPTIMISER}.values())]
    for phase in (*phases, 'other', 'step'):
        cells = [times[form].get(phase) for form in forms]
        if all(cells):
            table.add_row(phase, *[f'{median(t):.4f}' for t in cells])
    return table
