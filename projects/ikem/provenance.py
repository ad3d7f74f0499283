"""What a training was made from, as its work dir tells it."""

from pathlib import Path
from typing import Dict, List, Optional, Sequence

from mmengine.config import Config

from ikem_cli.places import CONFIGS, SCOPE, shown_config

from .checkpoint import find_checkpoint
from .engine.cli import read_config
from .work_dir import WorkDir


def commits_of(run: WorkDir) -> str:
    """The commits of the trainings that made a run, ``'unknown'`` for one
    that no suite recorded."""
    commits = {r.record.get('commit') or 'unknown' for r in lineage(run)}
    return ' '.join(sorted(commits))


def config_name(run: WorkDir) -> str:
    """The config of a run by the name of its copy: ``ikem::NAME`` of one that
    is shipped.

    Raises:
        FileNotFoundError: If it has no copy.
    """
    copies = sorted(run.path.glob('*.py'))
    if not copies:
        raise FileNotFoundError(f'{run.path} has no config')
    name = copies[-1].name
    shipped = next(CONFIGS.glob(f'*/{name}'), None)
    return shown_config(shipped, run.path) if shipped else name


def config_to_use(run: WorkDir) -> str:
    """The same of the weights; the name alone where options changed the model
    of the config that is shipped."""
    name = config_name(run)
    if name.startswith(SCOPE) and model_of(run.config) != model_of(
        read_config(name)
    ):
        return name.rpartition('/')[2]
    return name


def model_of(cfg: Config) -> Dict:
    """The model of a config, without the checkpoint that it began from."""
    model = cfg.model.to_dict()
    return {key: model[key] for key in model if key != 'pretrained'}


def beginning(run: WorkDir) -> Optional[str]:
    """The checkpoint that a training began from, if any."""
    cfg = run.config
    teacher = cfg.model.get('teacher') or {}
    named = (cfg.model.get('pretrained'), teacher.get('pretrained'))
    return next(filter(None, (*named, cfg.get('load_from'))), None)


def lineage(run: WorkDir) -> List[WorkDir]:
    """A run and those whose checkpoints it began from, the first one first,
    as far as they are there."""
    before = beginning(run)
    if before is None:
        return [run]
    try:
        parent = WorkDir(Path(find_checkpoint(before)).parent)
        parent.config  # noqa: B018  raises if it is no run
    except FileNotFoundError:
        return [run]
    if parent.path.resolve() == run.path.resolve():  # resumed
        return [run]
    return [*lineage(parent), run]


def modalities_of(model: Config) -> Sequence[str]:
    """Those that are trained; a teacher has others besides."""
    return model.get('modalities') or model.data_preprocessor.modalities
