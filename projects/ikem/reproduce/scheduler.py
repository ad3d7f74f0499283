"""Work in the order of its dependencies, several at a time."""

import signal
import time
from concurrent.futures import (
    FIRST_COMPLETED,
    Future,
    ThreadPoolExecutor,
    wait,
)
from contextlib import contextmanager
from datetime import timedelta
from functools import partial
from graphlib import TopologicalSorter
from typing import Callable, Dict, Iterator, List, Set

from .children import Children, Stopped
from .work import Work, WorkFailed


class Progress:
    """Says what begins and how it ends, and keeps which works ended how.

    Args:
        total (int): Number of works.
    """

    def __init__(self, total: int) -> None:
        self.total = total
        self.begin = time.time()
        self.ended: Dict[str, List[Work]] = dict(
            done=[], present=[], failed=[], skipped=[]
        )

    @property
    def num_ended(self) -> int:
        return sum(map(len, self.ended.values()))

    def say(self, work: Work, text: str) -> None:
        """Print a line with the time and how many works ended."""
        print(
            f'{time.strftime("%H:%M:%S")} [{self.num_ended}/{self.total}] '
            f'{work.name}: {text}',
            flush=True,
        )

    def passes_over(self, work: Work) -> bool:
        """Whether a work is not to be done: since it is, or cannot be."""
        lost = {*self.ended['failed'], *self.ended['skipped']}
        needs = [need for need in work.needs.values() if need in lost]
        if needs:
            names = ', '.join(need.name for need in needs)
            self.end('skipped', work, f'skipped, needs {names}')
        elif work.is_current():
            self.end('present', work, 'is there')
        else:
            return False
        return True

    def end(self, how: str, work: Work, text: str) -> None:
        """Note the end of a work, and say how long the rest may take."""
        self.ended[how].append(work)
        self.say(work, text)
        num_left = self.total - self.num_ended
        if how == 'done' and num_left:
            passed = time.time() - self.begin
            left = round(passed / len(self.ended['done']) * num_left)
            print(f'         about {timedelta(seconds=left)} left', flush=True)


def execute(
    works: List[Work],
    jobs: int,
    children: Children,
    on_end: Callable[[Work], None],
) -> Progress:
    """Do what is not done, each work after the works that it needs.

    Where a work fails, those that need it are skipped and others go on.

    Args:
        works (list[Work]): The works; the first that are ready begin first,
            of several at a time those that most others wait for.
        jobs (int): How many are done at a time.
        children (Children): What runs their processes; SIGINT, SIGTERM and
            SIGHUP stop it.
        on_end (callable): Called with each work when it has ended.

    Returns:
        Progress: Which works ended how; those that a signal stopped are not
        among them.
    """
    progress = Progress(len(works))
    order = {work: i for i, work in enumerate(works)}
    if jobs > 1:
        waiting = _waiting(works)
        order = {w: (-len(waiting[w]), i) for w, i in order.items()}
    graph = TopologicalSorter({w: list(w.needs.values()) for w in works})
    graph.prepare()
    ready: List[Work] = []
    running: Dict[Future, Work] = {}
    # each thread waits for a process
    with _stopped_by_signals(children), ThreadPoolExecutor(jobs) as pool:
        try:
            while graph.is_active() and not children.stopping:
                ready = sorted([*ready, *graph.get_ready()], key=order.get)
                if ready and len(running) < jobs:
                    work = ready.pop(0)
                    if progress.passes_over(work):
                        graph.done(work)
                        continue
                    progress.say(work, 'started')
                    say = partial(progress.say, work)
                    future = pool.submit(work.execute, children, say)
                    running[future] = work
                    continue
                for future in wait(running, None, FIRST_COMPLETED).done:
                    work = running.pop(future)
                    _end(work, future, progress)
                    graph.done(work)
                    on_end(work)
        except BaseException:
            children.stop()
            raise
    return progress


def _waiting(works: List[Work]) -> Dict[Work, Set[Work]]:
    """The works that need a work, or one that needs it."""
    waiting: Dict[Work, Set[Work]] = {work: set() for work in works}
    for work in reversed(works):  # each after those that it needs
        for need in work.needs.values():
            waiting[need] |= {work, *waiting[work]}
    return waiting


def _end(work: Work, future: Future, progress: Progress) -> None:
    try:
        seconds = future.result()
        progress.end('done', work, f'done in {seconds:.0f} s')
    except Stopped:
        pass
    except (ImportError, OSError, ValueError, WorkFailed) as error:
        progress.end('failed', work, f'FAILED: {error}')


@contextmanager
def _stopped_by_signals(children: Children) -> Iterator[None]:
    """SIGINT, SIGTERM and SIGHUP stop the children; signals that are already
    ignored (nohup) stay ignored."""
    numbers = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
    before = {
        n: signal.signal(n, children.stop)
        for n in numbers
        if signal.getsignal(n) is not signal.SIG_IGN
    }
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
