"""Kill trainings at random moments, resume them, and compare their ends with
that of one which was never killed.

    python tests/soak/kill_resume.py [--kills 20] [--ranks 2] [--workers 4]

A minute or so a kill on two CPU cores. Prints each life, and ends with a
non-zero status at the first difference.
"""

import argparse
import os
import random
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT / 'tests'), str(ROOT)]

from commands import free_port, rank_environment  # noqa: E402
from conftest import write_prepared  # noqa: E402
from helpers import IKEM_3M, read, tiny  # noqa: E402
from lives import assert_same_end  # noqa: E402

EPOCHS = 20


def parse_args():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument('--kills', type=int, default=20)
    parser.add_argument('--ranks', type=int, default=1)
    parser.add_argument('--workers', type=int, default=0)
    parser.add_argument('--seed', type=int, default=0)
    return parser.parse_args()


def write_config(folder, workers):
    """Both stages, validated and saved each epoch, with dropout."""
    cfg = read(IKEM_3M)
    cfg = tiny(cfg, write_prepared(folder / 'data'), folder)
    cfg.train_cfg.update(max_epochs=EPOCHS, val_interval=1)
    cfg.model.exchange_begin = EPOCHS // 2
    cfg.default_hooks.checkpoint.interval = 1
    cfg.train_dataloader.update(
        num_workers=workers, persistent_workers=workers > 0
    )
    cfg.dump(folder / 'config.py')
    return folder / 'config.py'


def start(config, work_dir, ranks):
    """The processes of a training, as torchrun would start them. A killed
    torchrun would leave them alive."""
    port = free_port()
    command = [sys.executable, ROOT / 'tools/train.py', config, '--resume']
    command += ['--work-dir', work_dir]
    if ranks > 1:
        command += ['--launcher', 'pytorch']
    return [
        subprocess.Popen(
            list(map(str, command)),
            env=dict(
                os.environ,
                PYTHONPATH=str(ROOT),
                OMP_NUM_THREADS='1',
                CUDA_VISIBLE_DEVICES='',
                **rank_environment(rank, ranks, port),
            ),
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,  # to be killed with its workers
        )
        for rank in range(ranks)
    ]


def end(processes, limit=None):
    """Wait for the end, at most so many seconds; else kill all.

    Returns:
        bool: Whether the training ended by itself.
    """
    until = time.time() + (limit or 3600)
    while time.time() < until and any(p.poll() is None for p in processes):
        time.sleep(0.05)
    if all(p.poll() is not None for p in processes):
        codes = [p.returncode for p in processes]
        if any(codes):
            sys.exit(f'a training ended with status {codes}')
        return True
    for process in processes:
        try:
            os.killpg(process.pid, signal.SIGKILL)
        except ProcessLookupError:  # just ended
            pass
        process.wait()
    return False


def main():
    args = parse_args()
    chance = random.Random(args.seed)
    with tempfile.TemporaryDirectory() as folder:
        folder = Path(folder)
        config = write_config(folder, args.workers)
        begin = time.time()
        end(start(config, folder / 'whole', args.ranks))
        duration = time.time() - begin
        print(f'never killed: {duration:.0f} s', flush=True)
        kills = rounds = 0
        while kills < args.kills:
            rounds += 1
            work_dir = folder / f'round{rounds}'
            while True:
                # what is left after the last kill runs to its end
                limit = chance.uniform(0, duration)
                limit = limit if kills < args.kills else None
                if end(start(config, work_dir, args.ranks), limit):
                    break
                kills += 1
                saved = sorted(p.name for p in work_dir.glob('*.pth'))
                print(
                    f'round {rounds}: kill {kills} after {limit:.1f} s, '
                    f'{", ".join(saved) or "no checkpoint"}',
                    flush=True,
                )
            name = f'epoch_{EPOCHS}.pth'
            assert_same_end(work_dir, folder / 'whole', name)
            print(f'round {rounds}: ended the same', flush=True)
    print(f'{kills} kills in {rounds} rounds, all ended the same')


if __name__ == '__main__':
    main()
