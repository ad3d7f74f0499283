"""What a run is made from, to tell whether it is the same."""

import functools
import hashlib
import json
import subprocess
from pathlib import Path
from typing import Any, Dict, Iterable, Optional

from mmengine.config import Config

from projects.ikem.files import read_json_dict

# What of a config makes the checkpoint, and what the logged accuracy besides.
# The rest says how the training is run and watched.
_TRAINING = (
    'model',
    'train_dataloader',
    'optim_wrapper',
    'param_scheduler',
    'train_cfg',
    'custom_hooks',
    'auto_scale_lr',
    'randomness',
)
_VALIDATION = ('val_dataloader', 'val_evaluator', 'val_cfg')
_INDIFFERENT = (
    'num_workers',
    'persistent_workers',
    'collate_fn',
    'val_interval',
)
# --amp chooses one by the device
_AMP = ('AmpOptimWrapper', 'BFloat16OptimWrapper')


def comparable(
    cfg: Config, measured: bool, amp: bool = False
) -> Dict[str, Any]:
    """What of a config makes the result of its training.

    Args:
        cfg (Config): The config, or the one that mmengine left in a folder.
        measured (bool): Whether validation belongs to the result.
        amp (bool): Whether ``--amp`` is still to be added. Defaults to False.

    Returns:
        dict: The fields as plain values, the same with every number of
        workers and on every device.
    """
    plain = json.loads(json.dumps(cfg.to_dict(), default=str))
    keys = _TRAINING + (_VALIDATION if measured else ())
    plain = {key: plain[key] for key in keys if plain.get(key) is not None}
    for fields in plain.values():
        if isinstance(fields, dict):
            for key in _INDIFFERENT:
                fields.pop(key, None)
    wrapper = plain.get('optim_wrapper', {})
    if amp or wrapper.get('type') in _AMP:
        wrapper.update(type='--amp', loss_scale=None)
    return plain


def first_difference(a: Any, b: Any) -> Optional[str]:
    """Dotted key of the first difference of two trees, '' if they are no
    trees; None if they are equal."""
    if a == b:
        return None
    if isinstance(a, dict) and isinstance(b, dict):
        for key in [*a, *b]:
            if key not in a or key not in b:
                return key
            below = first_difference(a[key], b[key])
            if below is not None:
                return f'{key}.{below}'.rstrip('.')
    return ''


@functools.cache
def _annotations(path: Path, modified: int) -> Dict:
    return read_json_dict(path)


def data_hash(
    folder: Path, splits: Optional[Iterable[str]] = None
) -> Optional[str]:
    """SHA-256 of what a prepared folder says of its clips.

    Args:
        folder (Path): The folder.
        splits (iterable[str], optional): Splits that are read; others may
            come and go. Defaults to all.

    Returns:
        str, optional: The hash; None if there is no such folder.
    """
    path = folder / 'annotations.json'
    if not path.is_file():
        return None
    prepared = dict(_annotations(path, path.stat().st_mtime_ns))
    if splits is not None:
        known = prepared.get('split', {})
        prepared['split'] = {name: known.get(name) for name in splits}
    text = json.dumps(prepared, sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()


def file_hash(path: Path) -> Optional[str]:
    """SHA-256 of a file; None if there is none."""
    if not path.is_file():
        return None
    with path.open('rb') as file:
        digest = hashlib.sha256()
        while block := file.read(1 << 20):
            digest.update(block)
    return digest.hexdigest()


def commit(root: Path) -> Optional[str]:
    """The commit of a working tree, with ``-dirty`` if files differ from it;
    None without git."""
    git = ['git', 'describe', '--always', '--dirty', '--abbrev=40']
    try:
        result = subprocess.run(
            [*git, '--exclude=*'], cwd=root, capture_output=True, text=True
        )
    except FileNotFoundError:
        return None
    return result.stdout.strip() or None
