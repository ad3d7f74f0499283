"""Running configs at tiny size."""

import signal
from pathlib import Path

import torch
from mmengine.config import Config

from projects.ikem.models import Encoders

ROOT = Path(__file__).resolve().parents[1]
CONFIGS = ROOT / 'configs'


def hear_ctrl_c() -> None:
    """For a process of its own: shells start background jobs deaf to it."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)


def tiny(cfg: Config, data_root: str, work_dir: str) -> Config:
    """A config at a size that takes a second: the data of a prepared folder
    of 24 clips, a slim model, batches of 4, one epoch, no workers."""
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
    if 'neck' in cfg.model:
        cfg.model.bank_size = 16
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
