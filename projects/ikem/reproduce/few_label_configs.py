"""Configs of ``tools/few_labels.py``: of the pre-training, and of what is
trained with few labels."""

from typing import TYPE_CHECKING

from mmengine.config import Config
from torch import nn

from ikem_cli.places import SCOPE
from projects.ikem.datasets.prepared import read_annotations
from projects.ikem.engine.cli import read_config
from projects.ikem.engine.config_check import RUNNER_FIELDS, apply_options
from projects.ikem.engine.hooks.data_check_hook import check_layout
from projects.ikem.loading import load_model
from projects.ikem.models.algorithms.base import PretrainingModel
from projects.ikem.visualization.encoded import clip_loader

from .options import config_with

if TYPE_CHECKING:
    from .few_labels import FewLabels

# Fine-tuning in batches of 32, augmented; epochs and model are set here.
RECIPE = f'{SCOPE}own/finetune-3m_stgcn-slim-w8_1xb32-40e_own.py'
SPLIT = 'train_dataloader.dataset.split'
# What differs from one training to another.
_SET_HERE = ('model.pretrained', 'randomness.seed', SPLIT)


def encoding_config(path: str, data: str) -> Config:
    """Config of a pre-training, whose test set is all clips of a prepared
    folder.

    Args:
        path (str): Path of the config.
        data (str): The folder.

    Raises:
        ValueError: If it cannot be read or has no test set.
    """
    cfg = Config(config_with(path, {}).to_dict(), filename=path)
    if cfg.get('test_dataloader') is None:
        raise ValueError(f'{path} has no test_dataloader')
    every = dict(data_root=data, split=None, unlabelled=True)
    cfg.test_dataloader.dataset.update(every)
    return cfg


def load_pretraining(task: 'FewLabels') -> nn.Module:
    """The pre-training with its weights.

    Raises:
        ValueError: If it is none, or has another skeleton than the data.
    """
    cfg = encoding_config(task.config, task.data)
    model = load_model(cfg, task.checkpoint)
    if not isinstance(model, PretrainingModel):
        raise ValueError(
            f'{task.config} builds a {type(model).__name__}: give the config '
            'of a pre-training, such as those of configs/ikem'
        )
    check_layout(clip_loader(cfg).dataset, model)
    return model


def classifier_config(task: 'FewLabels', model: nn.Module) -> Config:
    """Config of fine-tuning, and without a checkpoint of training from
    scratch.

    Args:
        task (FewLabels): What is to be measured.
        model (PretrainingModel): The pre-training.

    Raises:
        ValueError: If nothing would read one of the options, or each
            training has its own value of it.
    """
    for key in (option.split('=')[0] for option in task.options):
        if key in _SET_HERE:
            raise ValueError(
                f'{key} is set for each training: leave it out of '
                '--cfg-options'
            )
    pretraining = encoding_config(task.config, task.data)
    cfg = read_config(RECIPE)
    kept = {*RUNNER_FIELDS, 'custom_imports'}
    fields = {k: v for k, v in cfg.to_dict().items() if k in kept}
    cfg = Config(fields, filename=task.config)  # whose options they are
    preprocessor = dict(
        pretraining.model.data_preprocessor, modalities=list(model.modalities)
    )
    preprocessor.pop('keep_joints', None)  # for algorithms
    meta = read_annotations(task.data)
    cfg.model = dict(
        type='SkeletonClassifier',
        data_preprocessor=preprocessor,
        backbone=pretraining.model.backbone,
        num_classes=meta['num_classes'],
        frozen=False,
        pretrained=None,
    )
    if 'custom_imports' in pretraining:
        cfg.custom_imports = pretraining.custom_imports
    cfg.default_scope = pretraining.get('default_scope', 'mmaction')
    test = pretraining.test_dataloader.dataset
    for part in ('train', 'val', 'test'):
        dataset = cfg[f'{part}_dataloader'].dataset
        dataset.data_root = task.data
        dataset.split = task.train if part == 'train' else task.val
        if part != 'train' and 'pipeline' in test:
            dataset.pipeline = test.pipeline
    cfg.train_cfg.max_epochs = task.epochs
    cfg.param_scheduler[0].milestones = [max(1, round(0.8 * task.epochs))]
    cfg.default_hooks.checkpoint.pop('save_best')  # one is evaluated
    cfg.default_hooks.baselines.enable = False  # rows of their own
    cfg.custom_hooks = [dict(type='LogClipsHook')]
    apply_options(cfg, task.options)
    cfg.train_cfg.val_interval = cfg.train_cfg.max_epochs
    return cfg
