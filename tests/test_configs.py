"""Every config builds and steps."""

import pytest
import torch
from helpers import CONFIGS, tiny
from mmengine.config import Config
from mmengine.runner import Runner

from projects.ikem.models.modalities import MODALITIES

ALL = sorted(
    path.relative_to(CONFIGS)
    for path in CONFIGS.rglob('*.py')
    if '_base_' not in path.parts
)


def data_of(cfg, prepared_ntu, prepared_nwucla):
    root = cfg.train_dataloader.dataset.data_root
    return prepared_nwucla if 'nwucla' in root else prepared_ntu


@pytest.mark.filterwarnings('ignore:no `pretrained` checkpoint')
@pytest.mark.parametrize('path', ALL, ids=str)
def test_builds_and_steps(path, prepared_ntu, prepared_nwucla, tmp_path):
    cfg = Config.fromfile(CONFIGS / path)
    cfg = tiny(cfg, data_of(cfg, prepared_ntu, prepared_nwucla), tmp_path)
    runner = Runner.from_cfg(cfg)
    runner.model.init_weights()
    loop = runner.train_loop
    wrapper = runner.build_optim_wrapper(runner.optim_wrapper)
    for exchanging in (False, True):  # both stages, where there are two
        runner.model.exchanging = exchanging
        trained = {
            name: p.clone()
            for name, p in runner.model.named_parameters()
            if p.requires_grad and not name.startswith('exchanges.')
        }
        logs = runner.model.train_step(next(iter(loop.dataloader)), wrapper)
        assert torch.isfinite(logs['loss'])
        after = dict(runner.model.named_parameters())
        still = {k for k, p in trained.items() if torch.equal(p, after[k])}
        # AAGCN starts with gates at 0, behind which nothing learns at first
        assert len(still) < len(trained) / 4


@pytest.mark.parametrize('path', ALL, ids=str)
def test_says_what_it_trains_or_what_differs(path):
    text = (CONFIGS / path).read_text()
    assert text.startswith(('# ', '_base_ = '))
    algorithm, _, schedule, data = path.stem.split('_')
    algorithm, modalities, *_ = algorithm.split('-')
    assert algorithm == path.parts[0]
    cfg = Config.fromfile(CONFIGS / path)
    dataset, *split = data.split('-')
    assert dataset in cfg.train_dataloader.dataset.data_root
    split = '_'.join(split)
    loader = cfg.get('val_dataloader') or cfg.train_dataloader
    assert loader.dataset.split in (f'{split}_train', f'{split}_val')
    named = {'3m': list(MODALITIES)[:3], '6m': list(MODALITIES)}
    expected = named.get(modalities, [modalities])
    assert cfg.model.data_preprocessor.modalities == expected
    batch, epochs = cfg.train_dataloader.batch_size, cfg.train_cfg.max_epochs
    assert schedule == f'1xb{batch}-{epochs}e'
    assert cfg.auto_scale_lr.base_batch_size == batch


@pytest.mark.parametrize(
    'path', [p for p in ALL if p.parts[0] in ('ikem', 'crossclr')], ids=str
)
def test_second_stage_is_the_second_half(path):
    cfg = Config.fromfile(CONFIGS / path)
    (hook,) = cfg.custom_hooks
    assert hook.type == 'ExchangeStageHook'
    assert 2 * hook.begin == cfg.train_cfg.max_epochs
    assert cfg.find_unused_parameters
    six = len(cfg.model.data_preprocessor.modalities) == 6
    frozen = ['joint', 'bone'] + six * ['rotation_axis']
    assert cfg.model.frozen_keys == frozen


@pytest.mark.parametrize(
    'path', [p for p in ALL if p.parts[0] == 'linear'], ids=str
)
def test_linear_evaluation_takes_the_checkpoint_of_its_pretraining(path):
    cfg = Config.fromfile(CONFIGS / path)
    folder, checkpoint = cfg.model.pretrained.split('/')[1:]
    pretraining = Config.fromfile(
        CONFIGS / folder.split('-')[0] / f'{folder}.py'
    )
    assert checkpoint == f'epoch_{pretraining.train_cfg.max_epochs}.pth'
    for key in ('data_preprocessor', 'backbone'):
        assert pretraining.model[key] == cfg.model[key]
    assert pretraining.train_dataloader.dataset.split == (
        cfg.train_dataloader.dataset.split
    )


def test_inherited_from_another_project(tmp_path, prepared_ntu):
    """By path, and with the scope of mmaction2's own runtime."""
    base = CONFIGS / 'skeletonclr'
    name = 'skeletonclr-joint_stgcn-slim_1xb128-300e_ntu60-xsub.py'
    path = tmp_path / 'mine.py'
    path.write_text(
        f"_base_ = '{base / name}'\n"
        "model = dict(backbone=dict(_delete_=True, type='STGCN',\n"
        "    graph_cfg=dict(layout='nturgb+d', mode='stgcn_spatial')))\n"
    )
    cfg = Config.fromfile(path)
    assert cfg.model.backbone.type == 'STGCN'
    assert cfg.default_scope == 'mmaction'
