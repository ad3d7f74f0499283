"""Trainings that are killed, and what they leave behind."""

import json
import os
import signal
from multiprocessing.connection import wait
from pathlib import Path

import torch
from commands import forkserver, free_port, rank_environment
from mmengine.config import Config
from mmengine.fileio import LocalBackend
from mmengine.hooks import Hook
from mmengine.runner import Runner

from projects.ikem.checkpoint import load_from_local


def die():
    os.kill(os.getpid(), signal.SIGKILL)


class DieHook(Hook):
    """Die before a training iteration, amid a validation or a checkpoint.

    Args:
        moment (str): ``'iteration'``, ``'validation'`` or ``'checkpoint'``.
        number (int): The iteration, or the epochs that are done.
    """

    priority = 'LOWEST'

    def __init__(self, moment, number):
        self.moment, self.number = moment, number

    def before_train_iter(self, runner, batch_idx, data_batch=None):
        if self.moment == 'iteration' and runner.iter == self.number:
            die()

    def before_val_iter(self, runner, batch_idx, data_batch=None):
        if self.moment == 'validation' and runner.epoch == self.number:
            die()

    def before_save_checkpoint(self, runner, checkpoint):
        if self.moment != 'checkpoint' or runner.epoch + 1 != self.number:
            return
        put = LocalBackend.put

        def put_half(self, obj, filepath):
            put(self, obj[: len(obj) // 2], filepath)
            die()

        LocalBackend.put = put_half


def live(config, rank, ranks, port, death):
    """One life of one rank of a training, to its death or end."""
    torch.set_num_threads(1)
    cfg = Config.fromfile(config)
    cfg.resume = True
    if ranks > 1:
        cfg.launcher = 'pytorch'
        os.environ.update(rank_environment(rank, ranks, port))
    runner = Runner.from_cfg(cfg)
    if death is not None:
        runner.register_hook(DieHook(*death))
    runner.train()
    os._exit(0)  # gloo's threads can abort an ordinary exit


def train(config, ranks=1, death=None):
    """Run or resume a training; all ranks go when one dies.

    Returns:
        bool: Whether it came to its end.
    """
    port = free_port()
    processes = [
        forkserver().Process(
            target=live, args=(config, rank, ranks, port, death)
        )
        for rank in range(ranks)
    ]
    for process in processes:
        process.start()
    running = list(processes)
    while running:
        wait([process.sentinel for process in running])
        running = [p for p in running if p.exitcode is None]
        if any(p.exitcode for p in processes):
            for process in running:
                process.kill()
    for process in processes:
        process.join()
    codes = {process.exitcode for process in processes}
    # those that wait for a dead one may fail before they are killed
    assert codes == {0} or -signal.SIGKILL in codes, codes
    return codes == {0}


def logged(work_dir):
    """What was logged, by kind and step; the last entry counts."""
    values = {}
    for log in sorted(Path(work_dir).glob('*/vis_data/scalars.json')):
        # what follows the last line break was cut off
        for line in log.read_text().split('\n')[:-1]:
            entry = json.loads(line)
            kind = 'train' if 'loss' in entry else 'val'
            for name in ('time', 'data_time', 'memory'):
                entry.pop(name, None)
            values[kind, entry['step']] = entry
    return values


def equal(a, b):
    """Whether nested values are the same to the last bit."""
    if isinstance(a, torch.Tensor):
        return torch.equal(a, b)
    if isinstance(a, dict):
        return a.keys() == b.keys() and all(equal(a[k], b[k]) for k in a)
    if isinstance(a, (list, tuple)):
        return len(a) == len(b) and all(map(equal, a, b))
    return a == b


def assert_same_end(work_dir, other, checkpoint):
    """Two trainings have the same weights, banks, optimiser and logs."""
    ours, theirs = (
        load_from_local(str(Path(folder, checkpoint)))
        for folder in (work_dir, other)
    )
    for part in ('state_dict', 'optimizer', 'param_schedulers'):
        assert equal(ours[part], theirs[part]), part
    assert logged(work_dir) == logged(other)
