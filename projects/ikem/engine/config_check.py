"""Typos in configs, which mmengine takes for fields that nobody reads."""

import inspect
from difflib import get_close_matches
from typing import Any, Dict, Iterable, Iterator, Optional, Tuple

from mmengine.config import Config
from mmengine.hooks import CheckpointHook
from mmengine.runner import Runner

# What mmengine's Runner reads of a config.
RUNNER_FIELDS = {
    *list(inspect.signature(Runner.__init__).parameters)[1:],
    'activation_checkpointing',
    'compile',
    'efficient_conv_bn_eval',
    'find_unused_parameters',
    'model_wrapper_cfg',
    'runner_type',
    'sync_bn',
}
# Dicts of which mmengine and mmaction2 read these and ignore the rest; what
# other dicts hold goes to a class, which refuses what it does not know.
_READ = {
    'default_hooks.checkpoint': (
        'type',
        'priority',
        *list(inspect.signature(CheckpointHook.__init__).parameters)[1:-1],
        # what is left goes to Runner.save_checkpoint, ten epochs later
        *list(inspect.signature(Runner.save_checkpoint).parameters)[3:],
    ),
    'auto_scale_lr': ('enable', 'base_batch_size'),
    'env_cfg': ('cudnn_benchmark', 'mp_cfg', 'dist_cfg', 'resource_limit'),
    'optim_wrapper.paramwise_cfg': (
        'custom_keys',
        'bias_lr_mult',
        'bias_decay_mult',
        'norm_decay_mult',
        'flat_decay_mult',
        'dwconv_decay_mult',
        'dcn_offset_lr_mult',
        'bypass_duplicate',
    ),
    'val_evaluator.metric_options': ('top_k_accuracy',),
    'val_evaluator.metric_options.top_k_accuracy': ('topk',),
    'test_evaluator.metric_options': ('top_k_accuracy',),
    'test_evaluator.metric_options.top_k_accuracy': ('topk',),
}
# Similarity of names, from 0 to 1: no name in the configs of mmaction2 is as
# near to another field (0.8), but one with a letter wrong is.
_TYPO = 0.85


def check_options(cfg: Config, options: Dict) -> None:
    """Refuse ``--cfg-options`` that would change nothing.

    Args:
        cfg (Config): The config without them.
        options (dict): Values by dotted key.

    Raises:
        ValueError: If the first part of a key is no field that is read.
    """
    for option in options:
        key = option.split('.')[0]
        if key in RUNNER_FIELDS:
            continue
        if key not in cfg:
            places = [p for p, _ in _walk(cfg) if p.split('.')[-1] == key]
            raise ValueError(
                f'--cfg-options {option}: {cfg.filename} has no {key!r}'
                + _suggest(_close(key, {*RUNNER_FIELDS, *cfg}) or places)
            )
        places = [p for p, value in _walk(cfg) if value == cfg[key]]
        raise ValueError(
            f'--cfg-options {option}: {key!r} is a variable of the config '
            'file, and changes nothing once that is loaded; set the fields '
            'that are made of it' + _suggest(places)
        )


def check_fields(cfg: Config) -> None:
    """Refuse fields of a config that look like others and are not read.

    Args:
        cfg (Config): The config.

    Raises:
        ValueError: If there is one.
    """
    for key in cfg:
        close = _close(key, RUNNER_FIELDS)
        if close and key not in RUNNER_FIELDS:
            raise ValueError(
                f'{cfg.filename}: nothing reads {key!r}{_suggest(close)}'
            )
    for path, names in _READ.items():
        node = _get(cfg, path)
        for key in node if isinstance(node, dict) else ():
            if key not in names:
                raise ValueError(
                    f'{cfg.filename}: nothing reads {path}.{key}: {path} has '
                    f'the fields {", ".join(names)}'
                )
    hooks = cfg.get('default_hooks') or {}
    for key, hook in hooks.items():
        if isinstance(hook, dict) and 'type' not in hook:
            raise ValueError(
                f'{cfg.filename}: default_hooks.{key} has no type'
                + _suggest(f'default_hooks.{n}' for n in _close(key, hooks))
            )


def _close(key: str, names: Iterable[str]) -> Iterable[str]:
    names = [name for name in names if name != key]
    return get_close_matches(key, names, 1, _TYPO)


def _suggest(names: Iterable[str], most: int = 3) -> str:
    names = list(names)[:most]
    return f': did you mean {" or ".join(names)}?' if names else ''


def _get(cfg: Config, path: str) -> Optional[Any]:
    node = cfg
    for part in path.split('.'):
        if not isinstance(node, (dict, Config)) or part not in node:
            return None
        if 'constructor' in node:  # of an optim_wrapper, reads what it likes
            return None
        node = node[part]
    return node


def _walk(cfg: Config) -> Iterator[Tuple[str, Any]]:
    """Dotted keys below the fields that are read, and their values."""
    nodes = [(key, cfg[key]) for key in cfg if key in RUNNER_FIELDS]
    while nodes:
        path, node = nodes.pop(0)
        if isinstance(node, dict):
            children = list(node.items())
        elif isinstance(node, (list, tuple)):
            children = list(enumerate(node))
        else:
            continue
        nodes += [(f'{path}.{key}', value) for key, value in children]
        yield from nodes[len(nodes) - len(children) :]
