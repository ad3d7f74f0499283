"""What the command lines of ``tools/`` share.

Flags of ``tools/train.py`` and ``tools/test.py`` and their meaning are
mmaction2's.
"""

import argparse
import logging
import os
import os.path as osp
import re
import sys
import traceback
from contextlib import contextmanager
from typing import Iterator

from mmaction.registry import RUNNERS
from mmengine.config import Config, DictAction
from mmengine.dist import get_backend, get_rank, get_world_size
from mmengine.logging import MMLogger
from mmengine.runner import Runner

from .config_check import apply_options as apply_options
from .hooks.data_check_hook import DataCheckHook

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


def base_parser(description: str) -> argparse.ArgumentParser:
    """Parser of the arguments that training and testing have in common."""
    parser = argparse.ArgumentParser(description=description)
    parser.add_argument('config', help='path of the config')
    parser.add_argument(
        '--work-dir',
        help='folder for logs and checkpoints; by default work_dir of the '
        'config, else ./work_dirs/CONFIG_NAME',
    )
    add_cfg_options(parser)
    parser.add_argument(
        '--launcher',
        choices=['none', 'pytorch', 'slurm', 'mpi'],
        default='none',
        help='what starts the processes',
    )
    parser.add_argument(
        '--local_rank',
        '--local-rank',
        type=int,
        default=0,
        help=argparse.SUPPRESS,
    )
    return parser


def positive_int(text: str) -> int:
    """Type of an argument that counts something."""
    number = int(text)
    if number < 1:
        raise argparse.ArgumentTypeError(f'{text} is not at least 1')
    return number


def add_cfg_options(parser: argparse.ArgumentParser) -> None:
    """Add ``--cfg-options``, for :func:`apply_options`."""
    parser.add_argument(
        '--cfg-options',
        nargs='+',
        action=_KeyValue,
        help='fields of the config to override, as key=value; nested as '
        'a.b=value, lists as key="[a,b]" or key=a,b without white space',
    )


class _KeyValue(DictAction):
    """Options as mmengine's, which a missing ``=`` leaves at a loss."""

    def __call__(self, parser, namespace, values, option_string=None) -> None:
        for value in values:
            if '=' not in value:
                raise ValueError(f'--cfg-options: {value!r} is no key=value')
        super().__call__(parser, namespace, values, option_string)


def load_config(args: argparse.Namespace) -> Config:
    """Load the config and apply the common arguments but ``--cfg-options``.

    The work_dir is that of the command line, else of the config, else named
    after the config.

    Raises:
        ValueError: If the config cannot be read.
    """
    os.environ.setdefault('LOCAL_RANK', str(args.local_rank))
    cfg = read_config(args.config)
    cfg.launcher = args.launcher
    if args.work_dir is not None:
        cfg.work_dir = args.work_dir
    elif cfg.get('work_dir') is None:
        name = osp.splitext(osp.basename(args.config))[0]
        cfg.work_dir = osp.join('./work_dirs', name)
    return cfg


def read_config(path: str) -> Config:
    """Read a config.

    Args:
        path (str): Path of the config.

    Raises:
        ValueError: If it or one of its bases is missing or broken; names the
            file, which mmengine does not always do.
    """
    try:
        return Config.fromfile(path)
    # a config is a program, which can raise anything
    except Exception as error:
        files = [
            frame.f_locals['filename']
            for frame, _ in traceback.walk_tb(error.__traceback__)
            if frame.f_code.co_name == '_file2dict'
        ]
        text = describe(error)
        if files and files[-1] not in text:
            text += f' (in {files[-1]})'
        raise ValueError(f'{path} cannot be read: {text}') from error


def build_runner(cfg: Config) -> Runner:
    """Build the runner that the config asks for; it checks its data, as our
    configs let it do."""
    if 'runner_type' in cfg:
        runner = RUNNERS.build(cfg)
    else:
        runner = Runner.from_cfg(cfg)
    if not any(isinstance(hook, DataCheckHook) for hook in runner.hooks):
        runner.register_hook(DataCheckHook())
    return runner


def leave(status: int = 0) -> None:
    """End a process that did its work, or failed.

    A process of a gloo group can abort while the interpreter shuts down,
    since threads of the group still run; then all there is to do is done.

    Args:
        status (int): Exit status. Defaults to 0.
    """
    if get_backend() == 'gloo':
        logging.shutdown()
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(status)


@contextmanager
def one_line_errors(prog: str) -> Iterator[None]:
    """End a tool that fails with one line and exit status 1, or 130 after
    Ctrl-C.

    The traceback goes to the log of the runner where there is one. With
    ``IKEM_TRACEBACK=1`` in the environment it is printed.

    Args:
        prog (str): Name of the tool.

    Raises:
        SystemExit: In place of any error.
    """
    before = MMLogger.get_current_instance()
    try:
        yield
    except KeyboardInterrupt:
        print(f'\n{prog}: interrupted', file=sys.stderr)
        leave(130)
        sys.exit(130)  # as shells report it
    except Exception as error:
        rank = f', rank {get_rank()}' if get_world_size() > 1 else ''
        line = f'{prog}{rank}: {describe(error)}{_keep_traceback(before)}'
        if get_backend() == 'gloo':
            print(line, file=sys.stderr)
            leave(1)
        raise SystemExit(line) from None


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


def _keep_traceback(before: MMLogger) -> str:
    """Write the traceback to the log that was begun since; says where."""
    if os.environ.get('IKEM_TRACEBACK'):
        traceback.print_exc()
        return ''
    logger = MMLogger.get_current_instance()
    path = logger.log_file
    if logger is before or path is None:
        return ''
    if get_rank():  # of which mmengine keeps no log
        path = f'{path}.rank{get_rank()}'
    try:
        with open(path, 'a', encoding='utf-8', errors=SHOWN) as file:
            traceback.print_exc(file=file)
    except OSError:  # a full disk may be what it is all about
        return ''
    return f' (traceback in {path})'
