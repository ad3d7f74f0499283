"""What ``tools/test.py`` does."""

import argparse

from mmengine.config import Config

from .cli import build_runner, load_config
from .config_check import apply_options


def test(args: argparse.Namespace) -> None:
    """Test what a command line says."""
    build_runner(merge_args(load_config(args), args)).test()


def merge_args(cfg: Config, args: argparse.Namespace) -> Config:
    """Apply the arguments of testing; --cfg-options have the last word."""
    if args.show or args.show_dir is not None:
        if 'visualization' not in cfg.default_hooks:
            raise ValueError(
                '--show and --show-dir need default_hooks.visualization='
                'dict(type="VisualizationHook") in the config'
            )
        cfg.default_hooks.visualization.update(
            enable=True,
            show=args.show,
            wait_time=args.wait_time,
            out_dir=args.show_dir,
            interval=args.interval,
        )
    if args.dump is not None:
        evaluators = cfg.test_evaluator
        if not isinstance(evaluators, (list, tuple)):
            evaluators = [evaluators]
        cfg.test_evaluator = [
            *evaluators,
            dict(type='DumpPredictions', out_file_path=args.dump),
        ]
    cfg.load_from = args.checkpoint
    apply_options(cfg, args.cfg_options)
    return cfg
