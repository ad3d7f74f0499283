"""What ``tools/train.py`` does."""

import argparse
from pathlib import Path

import torch
from mmengine.config import Config

from .cli import build_runner, load_config
from .config_check import apply_options


def train(args: argparse.Namespace) -> None:
    """Train what a command line says."""
    build_runner(merge_args(load_config(args), args)).train()


def merge_args(cfg: Config, args: argparse.Namespace) -> Config:
    """Apply the arguments of training; what --cfg-options say of a field
    that another argument sets counts."""
    if args.amp:
        wrapper = cfg.optim_wrapper.get('type', 'OptimWrapper')
        if wrapper not in (
            'OptimWrapper',
            'AmpOptimWrapper',
            'BFloat16OptimWrapper',
        ):
            raise ValueError(f'--amp does not work with {wrapper}')
        bfloat16 = not torch.cuda.is_available() or (
            torch.cuda.is_bf16_supported(including_emulation=False)
        )
        if wrapper == 'AmpOptimWrapper' and torch.cuda.is_available():
            pass  # the config has chosen its precision
        elif bfloat16:
            for option in ('loss_scale', 'dtype', 'use_fsdp'):
                cfg.optim_wrapper.pop(option, None)
            cfg.optim_wrapper.type = 'BFloat16OptimWrapper'
        else:
            cfg.optim_wrapper.type = 'AmpOptimWrapper'
            cfg.optim_wrapper.setdefault('loss_scale', 'dynamic')
    if args.resume is not None:
        resume_from(cfg, args.resume)
    if args.auto_scale_lr:
        if 'auto_scale_lr' not in cfg:
            raise ValueError(
                '--auto-scale-lr needs auto_scale_lr=dict(base_batch_size='
                f'...) in {args.config}'
            )
        cfg.auto_scale_lr.enable = True
    cfg.setdefault('randomness', {})
    randomness = cfg.randomness  # as a ConfigDict
    randomness.setdefault('seed', None)  # mmengine then draws one
    if args.seed is not None:
        randomness.seed = args.seed
    if args.diff_rank_seed:
        randomness.diff_rank_seed = True
    if args.deterministic:
        randomness.deterministic = True
    apply_options(cfg, args.cfg_options)
    if torch.cuda.is_available():  # or each batch would wait for the device
        cfg.train_dataloader.setdefault('pin_memory', True)
    if args.no_validate:
        cfg.val_cfg = cfg.val_dataloader = cfg.val_evaluator = None
        # there will be no metric to choose the best checkpoint by
        cfg.default_hooks.get('checkpoint', {}).pop('save_best', None)
    return cfg


def resume_from(cfg: Config, checkpoint: str) -> None:
    """Resume from a checkpoint or another work dir, or from the newest one of
    the work_dir; a training that has none yet begins as its config says."""
    begun = any(Path(cfg.work_dir).glob('*_[0-9]*.pth'))
    if checkpoint != 'auto' or begun or cfg.get('load_from') is None:
        cfg.resume = True
        cfg.load_from = None if checkpoint == 'auto' else checkpoint
