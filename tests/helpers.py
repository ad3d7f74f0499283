"""Running configs at tiny size."""

import signal
from copy import deepcopy
from functools import cache
from pathlib import Path
from typing import List, Tuple, Union

import torch
from mmaction.registry import MODELS
from mmengine.config import Config

from projects.ikem.datasets.sources import preprocessing_chain
from projects.ikem.models import Encoders

ROOT = Path(__file__).resolve().parents[1]
CONFIGS = ROOT / 'configs'
_NTU = '_stgcn-slim_1xb128-300e_ntu60-xsub.py'
SKELETONCLR = CONFIGS / f'skeletonclr/skeletonclr-3m{_NTU}'
SKELETONCLR_JOINT = CONFIGS / f'skeletonclr/skeletonclr-joint{_NTU}'
IKEM_3M = CONFIGS / f'ikem/ikem-3m{_NTU}'
IKEM_6M = CONFIGS / f'ikem/ikem-6m{_NTU}'
PSTL = CONFIGS / 'pstl/pstl-3m_stgcn-slim_1xb128-150e_ntu60-xsub.py'
HYSP = CONFIGS / f'hysp/hysp-3m{_NTU}'
DISTILLATION = CONFIGS / (
    'distillation/distillation-3m_stgcn-slim_1xb128-150e_ntu60-xsub.py'
)
AIMCLR = CONFIGS / f'aimclr/aimclr-3m{_NTU}'
ACTCLR = CONFIGS / f'actclr/actclr-3m{_NTU}'
CPM = CONFIGS / f'cpm/cpm-3m{_NTU}'
LINEAR = CONFIGS / 'linear/linear-3m_stgcn-slim_1xb128-100e_ntu60-xsub.py'


def hear_ctrl_c() -> None:
    """For a process of its own: shells start background jobs deaf to it."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)


@cache
def _parsed(path: str) -> Config:
    return Config.fromfile(CONFIGS / path)


def read(path: Union[str, Path]) -> Config:
    """A config, by a path below ``configs``; each is parsed once."""
    return deepcopy(_parsed(str(path)))


def tiny(
    cfg: Union[Config, str, Path], data_root: str, work_dir: str
) -> Config:
    """A config at a size that takes a second: the data of a prepared folder
    of 24 clips, a slim model, batches of 4, one epoch, no workers."""
    if not isinstance(cfg, Config):
        cfg = read(cfg)
    cfg.work_dir = str(work_dir)
    for key in ('train_dataloader', 'val_dataloader', 'test_dataloader'):
        if cfg.get(key) is not None:
            cfg[key].update(
                batch_size=4, num_workers=0, persistent_workers=False
            )
            cfg[key].dataset.data_root = data_root
    for key in ('val_cfg', 'test_cfg'):
        if 'k' in (cfg.get(key) or {}):
            cfg[key].k = (1, 5)  # neighbours among 12 clips
    channels = 8
    if cfg.model.backbone.type == 'SlimSTGCN':
        cfg.model.backbone.update(base_channels=4, out_channels=channels)
    else:  # mmaction2's, which double their channels twice
        channels = 4 * 8
        cfg.model.backbone.base_channels = 8
    if 'masked_frames' in cfg.model:
        cfg.model.masked_frames = 3
    if 'exchange_space' in cfg.model:
        cfg.model.exchange_space.neck.update(hid_channels=8, out_channels=8)
    if 'neck' in cfg.model:
        for part in (cfg.model, cfg.model.get('exchange_space')):
            if part is not None and part.get('bank_size', 0) is not None:
                part.bank_size = 16
        cfg.load_from = None  # a first phase
        if 'positives' in cfg.model:
            cfg.model.positives = 4
        if 'teacher' in cfg.model:
            teacher = cfg.model.teacher
            teacher.neck.update(hid_channels=8, out_channels=8)
            teacher.pretrained = random_teacher(cfg.model, work_dir)
        else:
            cfg.model.neck.update(hid_channels=8, out_channels=8)
        if 'in_channels' in cfg.model.neck:
            cfg.model.neck.in_channels = channels
    else:
        cfg.model.pretrained = None
        if 'in_channels' in cfg.model:
            cfg.model.in_channels = channels
    cfg.train_cfg.max_epochs = 1
    cfg.default_hooks.logger.interval = 1
    cfg.log_level = 'WARNING'
    return cfg


def random_teacher(model: dict, work_dir: str) -> str:
    """Checkpoint of a pre-training as a teacher wants it, but untrained."""
    encoders = Encoders(
        model['teacher']['modalities'],
        model['backbone'],
        model['teacher']['neck'],
        model['data_preprocessor'].get('layout'),
    )
    state = {
        f'query.{name}': value for name, value in encoders.state_dict().items()
    }
    path = Path(work_dir, 'teacher.pth')
    path.parent.mkdir(parents=True, exist_ok=True)
    torch.save(dict(state_dict=state), path)
    return str(path)


def tiny_options(data_root: str, *options: str) -> List[str]:
    """Options by which tools train a config for two epochs at tiny size."""
    loaders = [
        f'{part}_dataloader.{option}'
        for part in ('train', 'val', 'test')
        for option in (
            'batch_size=4',
            'num_workers=0',
            'persistent_workers=False',
            f'dataset.data_root={data_root}',
        )
    ]
    return [
        '--cfg-options',
        'model.backbone.base_channels=4',
        'model.backbone.out_channels=8',
        'train_cfg.max_epochs=2',
        'default_hooks.logger.interval=1',
        'default_hooks.checkpoint.interval=1',
        *loaders,
        *options,
    ]


SMALL_BANK = ('model.bank_size=16', 'val_cfg.k=[1,5]', 'test_cfg.k=[1,5]')


def write_untrained(cfg: Config, folder: Path, **meta) -> Tuple[Path, Path]:
    """Files of a config and of a checkpoint of its untrained model."""
    cfg.dump(folder / 'tiny.py')
    checkpoint = dict(
        state_dict=MODELS.build(cfg.model).state_dict(),
        meta=dict(dataset_meta=meta),
    )
    torch.save(checkpoint, folder / 'tiny.pth')
    return folder / 'tiny.py', folder / 'tiny.pth'


def write_classifier(
    folder: Path, modality: str, num_persons: int = 2, **meta
) -> Tuple[Path, Path]:
    """Config and checkpoint of an untrained classifier of one modality, for
    clips of 8 frames."""
    cfg = tiny(LINEAR, 'data', folder)
    cfg.model.data_preprocessor.modalities = [modality]
    meta.update(num_persons=num_persons, num_frames=8)
    chain = preprocessing_chain('ntu-25', 8)
    return write_untrained(cfg, folder, preprocessing=chain, **meta)
