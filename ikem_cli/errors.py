"""Errors of command lines, in a line each."""

import logging
import os
import re
import sys
import traceback
from contextlib import contextmanager
from typing import Any, Iterator, Optional

# How text is written that an encoding does not have, as stderr writes it.
SHOWN = 'backslashreplace'
# What these say is written for users; others need their type to be read.
_TOLD_PLAINLY = (
    ArithmeticError,
    ImportError,
    OSError,
    RuntimeError,
    ValueError,
)


@contextmanager
def one_line_errors(prog: Optional[str] = None) -> Iterator[None]:
    """End a tool that fails with one line and exit status 1, or 130 after
    Ctrl-C.

    The traceback goes to the log of the runner where there is one. With
    ``IKEM_TRACEBACK=1`` in the environment it is printed.

    Args:
        prog (str, optional): Name of the tool. Defaults to that of the
            script that runs, as argparse has it.

    Raises:
        SystemExit: In place of any error.
    """
    prog = prog or os.path.basename(sys.argv[0])
    before = _logger()
    try:
        yield
    except KeyboardInterrupt:
        print(f'\n{prog}: interrupted', file=sys.stderr)
        leave(130)
        sys.exit(130)  # as shells report it
    except Exception as error:
        rank = f', rank {_rank()}' if _rank() is not None else ''
        line = f'{prog}{rank}: {describe(error)}{_keep_traceback(before)}'
        if _backend() == 'gloo':
            print(line, file=sys.stderr)
            leave(1)
        raise SystemExit(line) from None


def leave(status: int = 0) -> None:
    """End a process that did its work, or failed.

    A process of a gloo group can abort while the interpreter shuts down,
    since threads of the group still run; then all there is to do is done.

    Args:
        status (int): Exit status. Defaults to 0.
    """
    if _backend() == 'gloo':
        logging.shutdown()
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(status)


def describe(error: Exception) -> str:
    """What an error says, in one line; of one in a worker process of a
    dataloader what it said there."""
    kind = type(error)
    text, plain = str(error), isinstance(error, _TOLD_PLAINLY)
    if isinstance(error, KeyError) and error.args:  # else with quotes
        text = str(error.args[0])
    caught = re.match(r'Caught (\w+) in .* process', text)
    if caught:  # torch puts the worker's traceback in the message
        text = re.split(rf'^(?:[\w.]+\.)?{caught[1]}: ', text, flags=re.M)[-1]
    text = ' '.join(text.split())
    return text if plain and text else f'{kind.__name__}: {text}'


# What nobody has imported yet has no process group and no log.


def _backend() -> Optional[str]:
    dist = sys.modules.get('mmengine.dist')
    return dist.get_backend() if dist else None


def _rank() -> Optional[int]:
    """That of this process if there are several."""
    dist = sys.modules.get('mmengine.dist')
    several = dist is not None and dist.get_world_size() > 1
    return dist.get_rank() if several else None


def _logger() -> Optional[Any]:
    logs = sys.modules.get('mmengine.logging')
    return logs.MMLogger.get_current_instance() if logs else None


def _keep_traceback(before: Optional[Any]) -> str:
    """Write the traceback to the log that was begun since; says where."""
    if os.environ.get('IKEM_TRACEBACK'):
        traceback.print_exc()
        return ''
    logger = _logger()
    path = logger.log_file if logger else None
    if logger is before or path is None:
        return ''
    if _rank():  # of which mmengine keeps no log
        path = f'{path}.rank{_rank()}'
    try:
        with open(path, 'a', encoding='utf-8', errors=SHOWN) as file:
            traceback.print_exc(file=file)
    except OSError:  # a full disk may be what it is all about
        return ''
    return f' (traceback in {path})'
