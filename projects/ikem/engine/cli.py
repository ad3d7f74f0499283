"""What the command lines of ``tools/train.py`` and ``tools/test.py`` share.

Flags and their meaning are mmaction2's.
"""

import argparse
import logging
import os
import os.path as osp
import sys

from mmaction.registry import RUNNERS
from mmengine.config import Config, DictAction
from mmengine.dist import get_backend
from mmengine.runner import Runner


def base_parser(description: str) -> argparse.ArgumentParser:
    """Parser of the arguments that training and testing have in common."""
    parser = argparse.ArgumentParser(description=description)
    parser.add_argument('config', help='path of the config')
    parser.add_argument(
        '--work-dir',
        help='folder for logs and checkpoints; by default work_dir of the '
        'config, else ./work_dirs/CONFIG_NAME',
    )
    parser.add_argument(
        '--cfg-options',
        nargs='+',
        action=DictAction,
        help='fields of the config to override, as key=value; nested as '
        'a.b=value, lists as key="[a,b]" or key=a,b without white space',
    )
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


def load_config(args: argparse.Namespace) -> Config:
    """Load the config and apply the common arguments but ``--cfg-options``.

    The work_dir is that of the command line, else of the config, else named
    after the config.
    """
    os.environ.setdefault('LOCAL_RANK', str(args.local_rank))
    cfg = Config.fromfile(args.config)
    cfg.launcher = args.launcher
    if args.work_dir is not None:
        cfg.work_dir = args.work_dir
    elif cfg.get('work_dir') is None:
        name = osp.splitext(osp.basename(args.config))[0]
        cfg.work_dir = osp.join('./work_dirs', name)
    return cfg


def build_runner(cfg: Config) -> Runner:
    """Build the runner that the config asks for."""
    if 'runner_type' in cfg:
        return RUNNERS.build(cfg)
    return Runner.from_cfg(cfg)


def leave() -> None:
    """End a process that did its work.

    A process of a gloo group can abort while the interpreter shuts down,
    since threads of the group still run; then all there is to do is done.
    """
    if get_backend() == 'gloo':
        logging.shutdown()
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(0)
