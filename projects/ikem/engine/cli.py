"""What the command lines of ``tools/`` share once arguments are parsed; see
``ikem_cli`` for what they share before."""

import argparse
import os
import os.path as osp
import traceback

from mmaction.registry import RUNNERS
from mmengine.config import Config
from mmengine.runner import Runner

from ikem_cli.errors import describe
from ikem_cli.places import find_config

from .config_check import apply_options as apply_options
from .hooks.data_check_hook import DataCheckHook


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
        path (str): Path of the config, see
            :func:`ikem_cli.places.find_config`.

    Raises:
        ValueError: If it or one of its bases is missing or broken; names the
            file, which mmengine does not always do.
    """
    try:
        return Config.fromfile(find_config(path))
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
