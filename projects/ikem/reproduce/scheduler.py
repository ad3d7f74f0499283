"""Work in the order of its dependencies, by doit."""

import signal
import time
from contextlib import contextmanager
from datetime import timedelta
from functools import partial
from typing import Any, Dict, Iterator, List

from .children import Children, Stopped
from .work import Work, WorkFailed

try:
    from doit.cmd_base import TaskLoader2
    from doit.doit_cmd import DoitMain
    from doit.exceptions import BaseFail, TaskFailed, UnmetDependency
    from doit.reporter import ZeroReporter
    from doit.task import Task
except ImportError as error:
    raise ImportError(
        "Suites need doit: run `pip install -e '.[reproduce]'`."
    ) from error


class _Loader(TaskLoader2):
    """Hands doit the work and its settings."""

    def __init__(self, tasks: List[Task], config: Dict[str, Any]) -> None:
        super().__init__()
        self.tasks = tasks
        self.doit_config = config

    def load_doit_config(self) -> Dict[str, Any]:
        return self.doit_config

    def load_tasks(self, cmd, pos_args) -> List[Task]:
        return self.tasks


class Reporter(ZeroReporter):
    """A line when a work starts and one when it ends.

    Args:
        total (int): Number of works.
        children (Children): The processes, of which nothing is said when
            they are stopped.
    """

    def __init__(self, total: int, children: Children) -> None:
        self.total = total
        self.children = children
        self.started: Dict[str, float] = {}
        self.ended: Dict[str, List[str]] = dict(
            done=[], present=[], failed=[], skipped=[]
        )

    @property
    def num_ended(self) -> int:
        return sum(len(names) for names in self.ended.values())

    def say(self, name: str, text: str) -> None:
        """Print a line with the time and how many works ended."""
        print(
            f'{time.strftime("%H:%M:%S")} [{self.num_ended}/{self.total}] '
            f'{name}: {text}',
            flush=True,
        )

    def _end(self, how: str, name: str, text: str) -> None:
        self.ended[how].append(name)
        self.say(name, text)

    def execute_task(self, task: Task) -> None:
        self.started[task.name] = time.time()
        self.say(task.name, 'started')

    def add_success(self, task: Task) -> None:
        seconds = time.time() - self.started[task.name]
        self._end('done', task.name, f'done in {seconds:.0f} s')
        num_left = self.total - self.num_ended
        if num_left:
            passed = time.time() - min(self.started.values())
            left = passed / len(self.ended['done']) * num_left
            print(
                f'         about {timedelta(seconds=round(left))} left',
                flush=True,
            )

    def skip_uptodate(self, task: Task) -> None:
        self._end('present', task.name, 'is there')

    def add_failure(self, task: Task, fail: BaseFail) -> None:
        if self.children.stopping:
            return
        if isinstance(fail, UnmetDependency):
            self._end('skipped', task.name, f'skipped, needs {fail.message}')
        else:
            self._end('failed', task.name, f'FAILED: {fail.get_msg().strip()}')

    def runtime_error(self, message: str) -> None:
        raise RuntimeError(message)


@contextmanager
def _stopped_by_signals(children: Children) -> Iterator[None]:
    """Signals end the processes; what nohup made deaf remains so."""
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


def execute(works: List[Work], jobs: int, children: Children) -> Reporter:
    """Do what is not done, each work after what it needs.

    Where a work fails, those that need it are skipped and others go on.

    Args:
        works (list[Work]): The works.
        jobs (int): How many are done at a time.
        children (Children): What runs their processes; SIGINT, SIGTERM and
            SIGHUP stop it.

    Returns:
        Reporter: Which works ended how; those that a signal stopped are not
        among them.

    Raises:
        RuntimeError: If doit breaks.
    """
    reporter = Reporter(len(works), children)

    def action(work: Work):
        def run():
            try:
                children.check()
                work.execute(children, partial(reporter.say, work.name))
            except Stopped:
                return TaskFailed('stopped')
            except (OSError, WorkFailed) as error:
                return TaskFailed(str(error))
            return True

        return run

    tasks = [
        Task(
            work.name,
            actions=[action(work)],
            task_dep=[need.name for need in work.needs.values()],
            uptodate=[work.is_current],
            io={'capture': False},
            verbosity=0,
        )
        for work in works
    ]
    config = {
        'dep_file': ':memory:',  # the works know what is done
        'backend': 'sqlite3',
        'continue': True,
        'num_process': jobs,
        # each thread waits for a process
        'par_type': 'thread',
        'reporter': reporter,
    }
    with _stopped_by_signals(children):
        try:
            main = DoitMain(_Loader(tasks, config), config_filenames=())
            if main.run(['run']) > 2:
                raise RuntimeError('doit ended with the error above')
        except BaseException:
            children.stop()
            raise
    return reporter
