"""``--cfg-options``: their text, what they make of a config, and typos."""

import argparse
import functools
import inspect
from pathlib import Path
from typing import Any, Dict, List

import mmaction.registry
from mmengine.config import Config, DictAction
from mmengine.registry import Registry


def as_arguments(options: Dict[str, Any]) -> List[str]:
    """Options as ``--cfg-options`` takes them: lists without blanks.

    Raises:
        ValueError: If a text has a blank or a comma, which would be lost.
    """
    arguments = []
    for key, value in options.items():
        if isinstance(value, str) and set(value) & set(' ,'):
            raise ValueError(
                f'{key}={value}: --cfg-options takes no text with a blank or '
                'a comma'
            )
        text = str(value) if isinstance(value, str) else repr(value)
        arguments.append(f'{key}={text.replace(" ", "")}')
    return arguments


@functools.cache
def _base_config(path: Path) -> Config:
    return Config.fromfile(path)


def config_with(path: Path, options: Dict[str, Any]) -> Config:
    """A config with options, as ``tools/train.py`` reads them.

    Args:
        path (Path): Path of the config.
        options (dict): Values by dotted key.

    Raises:
        FileNotFoundError: If there is no such config.
    """
    parser = argparse.ArgumentParser()
    parser.add_argument('--cfg-options', nargs='+', action=DictAction)
    cfg = Config(_base_config(Path(path)).to_dict())
    if options:
        args = parser.parse_args(['--cfg-options', *as_arguments(options)])
        cfg.merge_from_dict(args.cfg_options)
    return cfg


def unknown_options(path: Path, options: Dict[str, Any]) -> List[str]:
    """Options that nothing in a config takes.

    All but the last part of a dotted key has to be in the config; the last
    one has to be there as well, or be an argument of the class that the
    ``type`` beside it names.

    Args:
        path (Path): Path of the config.
        options (dict): Values by dotted key.

    Returns:
        list[str]: The unknown keys.
    """
    cfg = _base_config(Path(path)).to_dict()
    return [key for key in options if not _is_known(cfg, key)]


def _is_known(node: Any, key: str) -> bool:
    *parents, last = key.split('.')
    for part in parents:
        if not _has(node, part):
            return False
        node = node[int(part) if isinstance(node, list) else part]
    if _has(node, last):
        return True
    kind = node.get('type') if isinstance(node, dict) else None
    return isinstance(kind, str) and last in _arguments(kind)


def _has(node: Any, part: str) -> bool:
    if isinstance(node, (list, tuple)):
        return part.isdigit() and int(part) < len(node)
    return isinstance(node, dict) and part in node


@functools.cache
def _arguments(name: str) -> List[str]:
    """Arguments of a registered class, of its bases too where it has
    ``**kwargs``."""
    for registry in vars(mmaction.registry).values():
        if isinstance(registry, Registry) and name in registry:
            break
    else:
        return []
    arguments: List[str] = []
    for cls in registry.get(name).__mro__:
        if '__init__' in vars(cls):
            parameters = inspect.signature(cls.__init__).parameters.values()
            arguments += [p.name for p in parameters]
            if all(p.kind is not p.VAR_KEYWORD for p in parameters):
                break
    return arguments
