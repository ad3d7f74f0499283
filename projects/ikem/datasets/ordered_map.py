"""A map over processes whose memory does not grow with the jobs."""

import multiprocessing
import os
import signal
import sys
import threading
from collections import deque
from concurrent.futures import ProcessPoolExecutor
from typing import Any, Callable, Iterable, Iterator

from mmengine.utils import ProgressBar


def map_in_order(function: Callable, jobs: Iterable, workers: int) -> Iterator:
    """Map a function over jobs in processes, in order.

    Few jobs are under way at a time: other than ``Pool.imap`` it holds back
    where the consumer is slow, and it raises where a worker is killed.

    Args:
        function (Callable): Picklable; sent to each worker once.
        jobs (Iterable): Its arguments, picklable.
        workers (int): Number of processes. With 1 the jobs run in this one.

    Raises:
        BrokenProcessPool: If a worker is killed.
    """
    if workers == 1:
        yield from map(function, jobs)
        return
    pool = ProcessPoolExecutor(
        workers, initializer=_init_worker, initargs=(function,)
    )
    pending = deque()
    try:
        for job in jobs:
            pending.append(pool.submit(_work, job))
            if len(pending) > 8 * workers:
                yield pending.popleft().result()
        while pending:
            yield pending.popleft().result()
    finally:
        pool.shutdown(cancel_futures=True)


def with_progress(results: Iterator, num: int) -> Iterator:
    """Show a progress bar, a hundred steps long so as to spare logs.

    Args:
        results (Iterator): What to pass on.
        num (int): How many there are.
    """
    bar = ProgressBar(num, file=sys.stderr)
    step = -(-num // 100)
    for done, result in enumerate(results, 1):
        yield result
        if done % step == 0 or done == num:
            bar.update(done - bar.completed)
    print(file=sys.stderr)


def _init_worker(function: Callable) -> None:
    global _function
    _function = function
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the parent sees to it
    threading.Thread(target=_exit_with_parent, daemon=True).start()


def _exit_with_parent() -> None:
    """Do not outlive a parent that was killed."""
    multiprocessing.parent_process().join()
    os._exit(1)


def _work(job: Any) -> Any:
    return _function(job)
