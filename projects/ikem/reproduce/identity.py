"""What a result is made from, to tell whether it is up to date."""

import functools
import hashlib
import json
import subprocess
from pathlib import Path
from typing import Any, FrozenSet, Iterable, Optional

from mmengine.config import Config

from ikem_cli.places import ROOT
from projects.ikem.engine.config_check import RUNNER_FIELDS
from projects.ikem.files import read_json_dict
from projects.ikem.version import __version__

# Fields that the Runner reads and that do not change what is trained.
_INDIFFERENT = """
default_hooks.baselines default_hooks.checkpoint default_hooks.logger
default_hooks.timer default_hooks.visualization env_cfg experiment_name
launcher log_level log_processor resume test_cfg test_dataloader
test_evaluator visualizer work_dir train_dataloader.num_workers
train_dataloader.persistent_workers train_dataloader.pin_memory
val_dataloader.num_workers val_dataloader.persistent_workers
val_dataloader.pin_memory
""".split()
# Besides, where no table shows what it logs.
_VALIDATION = """
train_cfg.val_begin train_cfg.val_interval val_cfg val_dataloader val_evaluator
""".split()


def config_hash(cfg: Config, measured: bool) -> str:
    """SHA-256 of the fields of a config that make the result of its training.

    Variables of the file, workers, logging, checkpoints and tests are left
    out.

    Args:
        cfg (Config): The config, options included.
        measured (bool): Whether its validation belongs to the result.
    """
    plain = json.loads(json.dumps(cfg.to_dict(), default=str))
    plain = {key: plain[key] for key in plain if key in RUNNER_FIELDS}
    for path in _INDIFFERENT + ([] if measured else _VALIDATION):
        *parents, last = path.split('.')
        node = functools.reduce(lambda n, k: n.get(k) or {}, parents, plain)
        node.pop(last, None)
    return digest(plain)


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
    chosen = None if splits is None else frozenset(splits)
    return _annotations_hash(path, path.stat().st_mtime_ns, chosen)


@functools.cache
def _annotations_hash(
    path: Path, modified: int, splits: Optional[FrozenSet[str]]
) -> str:
    prepared = read_json_dict(path)
    if splits is not None:
        known = prepared.get('split', {})
        prepared['split'] = {name: known.get(name) for name in splits}
    return digest(prepared)


def digest(tree: Any) -> str:
    """SHA-256 of a tree of dicts, lists, numbers and texts."""
    text = json.dumps(tree, sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()


def commit() -> Optional[str]:
    """The commit of the checkout that runs, with ``-dirty`` if files differ
    from it; of an installed wheel its version; None without git."""
    if not (ROOT / '.git').exists():
        return f'ikem {__version__}'
    git = ['git', 'describe', '--always', '--dirty', '--abbrev=40']
    try:
        result = subprocess.run(
            [*git, '--exclude=*'], cwd=ROOT, capture_output=True, text=True
        )
    except FileNotFoundError:
        return None
    return result.stdout.strip() or None
