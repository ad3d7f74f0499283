"""``--cfg-options``: their text, and what they make of a config."""

import functools
from typing import Any, Dict, List, Tuple

from mmengine.config import Config

from projects.ikem.engine.cli import read_config
from projects.ikem.engine.config_check import apply_options


def as_arguments(options: Dict[str, Any]) -> List[str]:
    """Options as ``--cfg-options`` takes them: lists without blanks.

    Raises:
        ValueError: If a text has a blank or a comma, which would be lost, or
            a value is a dict, which would be taken for a list.
    """
    arguments = []
    for key, value in options.items():
        if isinstance(value, dict):
            raise ValueError(
                f'{key}={value}: --cfg-options takes no dict, give its fields '
                f'by {key}.FIELD'
            )
        if isinstance(value, str) and set(value) & set(' ,'):
            raise ValueError(
                f'{key}={value}: --cfg-options takes no text with a blank or '
                'a comma'
            )
        text = str(value) if isinstance(value, str) else repr(value)
        arguments.append(f'{key}={text.replace(" ", "")}')
    return arguments


def config_with(path: str, options: Dict[str, Any]) -> Config:
    """A config with options, as ``tools/train.py`` reads them.

    Configs are kept, see :func:`forget_configs`; do not change them.

    Args:
        path (str): Path of the config.
        options (dict): Values by dotted key.

    Raises:
        ValueError: If it cannot be read, or nothing would read an option.
    """
    return _config_with(str(path), tuple(as_arguments(options)))


def forget_configs() -> None:
    """Read all configs anew from now on."""
    _base_config.cache_clear()
    _config_with.cache_clear()


def notice_change(path: str) -> None:
    """Read all configs anew if one, or a base of it, has changed.

    Raises:
        ValueError: If it cannot be read.
    """
    if read_config(path).to_dict() != _base_config(path).to_dict():
        forget_configs()


@functools.cache
def _base_config(path: str) -> Config:
    return read_config(path)


@functools.cache
def _config_with(path: str, arguments: Tuple[str, ...]) -> Config:
    cfg = Config(_base_config(path).to_dict(), filename=path)
    apply_options(cfg, arguments)
    return cfg
