"""Fields of configs that nothing reads: typos, which mmengine lets pass."""

import argparse
import ast
import functools
import inspect
import re
import textwrap
from contextlib import suppress
from difflib import get_close_matches
from typing import (
    Any,
    Callable,
    Dict,
    Iterable,
    Iterator,
    List,
    Optional,
    Sequence,
    Union,
)

import mmaction.registry
from mmengine.config import Config, DictAction
from mmengine.hooks import CheckpointHook
from mmengine.registry import Registry
from mmengine.runner import Runner, set_random_seed
from torch.utils.data import DataLoader


def _parameters(function: Callable) -> List[str]:
    """Names of the arguments of a function, without ``self`` and
    ``**kwargs``."""
    parameters = inspect.signature(function).parameters.values()
    variable = ('VAR_POSITIONAL', 'VAR_KEYWORD')
    named = [p for p in parameters if p.kind.name not in variable]
    return [p.name for p in named if p.name != 'self']


# What mmengine's Runner reads of a config.
RUNNER_FIELDS = {
    *_parameters(Runner.__init__),
    'activation_checkpointing',
    'compile',
    'efficient_conv_bn_eval',
    'find_unused_parameters',
    'model_wrapper_cfg',
    'runner_type',
    'sync_bn',
}
# Dicts of which mmengine and mmaction2 ignore other fields.
_READ = {
    'default_hooks.checkpoint': (
        'type',
        'priority',
        *_parameters(CheckpointHook.__init__),
        # what is left goes to Runner.save_checkpoint, ten epochs later
        *_parameters(Runner.save_checkpoint)[2:],
    ),
    'auto_scale_lr': ('enable', 'base_batch_size'),
    'env_cfg': ('cudnn_benchmark', 'mp_cfg', 'dist_cfg', 'resource_limit'),
    'optim_wrapper.paramwise_cfg': (
        'custom_keys bias_lr_mult bias_decay_mult norm_decay_mult '
        'flat_decay_mult dwconv_decay_mult dcn_offset_lr_mult '
        'bypass_duplicate'
    ).split(),
    'val_evaluator.metric_options': ('top_k_accuracy',),
    'val_evaluator.metric_options.top_k_accuracy': ('topk',),
    'test_evaluator.metric_options': ('top_k_accuracy',),
    'test_evaluator.metric_options.top_k_accuracy': ('topk',),
}
# Dicts without a `type` whose reader refuses other fields, but late.
_TAKEN = {
    'randomness': _parameters(set_random_seed),
    **dict.fromkeys(
        ('train_dataloader', 'val_dataloader', 'test_dataloader'),
        [*_parameters(DataLoader.__init__), 'num_batch_per_epoch'],
    ),
}
# What mmengine takes out of a dict before its class sees it.
_BUILDERS = ['type', '_scope_', 'priority', 'by_epoch', 'paramwise_cfg']
_BUILDERS += ['convert_to_iter_based']
# Similarity of names, from 0 to 1: no name in the configs of mmaction2 is as
# near to another field (0.8), but one with a letter wrong is.
_TYPO = 0.85


LOADERS = tuple(f'{x}_dataloader' for x in ('train', 'val', 'test'))


def apply_options(
    cfg: Config, options: Union[Dict[str, Any], Sequence[str], None]
) -> None:
    """Override fields of a config.

    Where a dataloader has no workers, they do not persist. ``_delete_``
    empties the dict it is in, for the options that follow, as in a config.

    Args:
        cfg (Config): The config.
        options (dict | sequence[str], optional): Values by dotted key, or
            the texts ``key=value`` of ``--cfg-options``.

    Raises:
        ValueError: If an option, or a field of the config, is one that
            nothing would read.
    """
    options = options or {}
    if not isinstance(options, dict):
        options = _parsed(options)
    before = cfg.to_dict()
    for option, value in options.items():
        _check_root(cfg, option)
        try:
            cfg.merge_from_dict({option: value})
        except (KeyError, TypeError) as error:
            raise ValueError(
                f'--cfg-options {option}: {error.args[0]}'
            ) from error
    check_fields(cfg)
    for option in options:
        # _delete_ is read of any dict, which has to be there
        _check_path(cfg, before, option.removesuffix('._delete_'))
    for loader in map(cfg.get, LOADERS):
        if isinstance(loader, dict) and loader.get('num_workers') == 0:
            loader.persistent_workers = False  # as there are none


def _parsed(texts: Sequence[str]) -> Dict[str, Any]:
    """What mmengine reads in ``--cfg-options``; dicts it would take for
    texts, or not come to an end with."""
    for text in texts:
        option, _, value = text.partition('=')
        if re.search(r'\bdict\(|(^|[\[(,])\s*{', value):
            raise ValueError(
                f'--cfg-options {option}: {value} holds a dict: set its '
                'fields one by one, as a.b=value, or write a config that '
                'inherits'
            )
    taken = argparse.Namespace()
    DictAction([], 'options')(None, taken, list(texts))
    return taken.options


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
            if key not in names and key != '_scope_':
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


def _check_root(cfg: Config, option: str) -> None:
    """The first part of an option is a field that is read."""
    key = option.split('.')[0]
    if key in RUNNER_FIELDS:
        return
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


def _check_path(cfg: Config, before: Any, option: str) -> None:
    """Each part of an option was there, or is read by the class of the dict
    it is in."""
    path, node = '', cfg
    for key in option.split('.'):
        names = _taken_by(node, path)
        index = int(key) if isinstance(node, (list, tuple)) else key
        there = before is not None and (index != key or key in before)
        if path and not there and names is not None and key not in names:
            close = get_close_matches(key, names, 1)
            raise ValueError(
                f'{cfg.filename}: nothing reads {path}.{key}'
                + _suggest(f'{path}.{name}' for name in close)
            )
        path = f'{path}.{key}'.lstrip('.')
        node, before = node[index], before[index] if there else None


def _taken_by(node: Any, path: str) -> Optional[List[str]]:
    """Fields that a dict can have; None if that is not known."""
    if not isinstance(node, dict) or 'constructor' in node:
        return None
    kind = node.get('type')
    return _arguments(kind) if isinstance(kind, str) else _TAKEN.get(path)


@functools.cache
def _arguments(name: str) -> Optional[List[str]]:
    """Arguments of a registered class, and of its bases where it hands its
    ``**kwargs`` to them; None where those go anywhere else."""
    found = None
    for registry in vars(mmaction.registry).values():
        if found is None and isinstance(registry, Registry):
            with suppress(ImportError):  # of a scope that is not installed
                found = registry.get(name)
    names = [*_BUILDERS]
    for cls in getattr(found, '__mro__', [object])[:-1]:
        if '__init__' in vars(cls):
            names += _parameters(cls.__init__)
            parameters = inspect.signature(cls.__init__).parameters.values()
            if all(p.kind is not p.VAR_KEYWORD for p in parameters):
                return names
            if not _hands_on(cls.__init__):
                return None
    return None


def _hands_on(init: Callable) -> bool:
    """Whether ``**kwargs`` of a constructor go to that of the bases."""
    tree = ast.parse(textwrap.dedent(inspect.getsource(init)))
    return any(
        isinstance(node, ast.Call)
        and ast.unparse(node.func).startswith('super(')
        and any(keyword.arg is None for keyword in node.keywords)
        for node in ast.walk(tree)
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


def _walk(cfg: Config) -> Iterator[tuple]:
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
