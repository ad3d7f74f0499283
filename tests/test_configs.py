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
    if not {'_base_', 'suites'} & set(path.parts)
)

EVALUATIONS = [
    p for p in ALL if p.parts[0] in ('linear', 'finetune', 'semi', 'transfer')
]


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
    percent = [split.pop()] if split[-1].endswith('pct') else []
    train_split = '_'.join(['train', *percent])
    assert cfg.train_dataloader.dataset.split.endswith(f'_{train_split}')
    split = '_'.join(split)
    assert cfg.val_dataloader.dataset.split == f'{split}_val'
    named = {'3m': list(MODALITIES)[:3], '6m': list(MODALITIES)}
    expected = named.get(modalities, [modalities])
    model = cfg.model
    trained = model.get('modalities') or model.data_preprocessor.modalities
    assert trained == expected
    batch, epochs = cfg.train_dataloader.batch_size, cfg.train_cfg.max_epochs
    assert schedule == f'1xb{batch}-{epochs}e'
    assert cfg.auto_scale_lr.base_batch_size == batch


@pytest.mark.parametrize(
    'path', [p for p in ALL if p not in EVALUATIONS], ids=str
)
def test_the_gallery_is_what_was_trained_on(path):
    cfg = Config.fromfile(CONFIGS / path)
    split = cfg.train_dataloader.dataset.split
    assert cfg.train_cfg.val_interval == 10
    for part in ('val', 'test'):
        assert cfg[f'{part}_cfg'].gallery_split == split
        queries = cfg[f'{part}_dataloader'].dataset
        assert queries.split == split.replace('_train', '_val')
        assert queries.data_root == cfg.train_dataloader.dataset.data_root


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


@pytest.mark.parametrize('path', EVALUATIONS, ids=str)
def test_evaluation_takes_the_checkpoint_of_its_pretraining(path):
    cfg = Config.fromfile(CONFIGS / path)
    folder, checkpoint = cfg.model.pretrained.split('/')[1:]
    pretraining = Config.fromfile(
        CONFIGS / folder.split('-')[0] / f'{folder}.py'
    )
    assert checkpoint == f'epoch_{pretraining.train_cfg.max_epochs}.pth'
    for key in ('data_preprocessor', 'backbone'):
        assert pretraining.model[key] == cfg.model[key]
    theirs = pretraining.train_dataloader.dataset
    ours = cfg.train_dataloader.dataset
    same = theirs.data_root == ours.data_root
    assert same == (path.parts[0] != 'transfer')
    percent = path.stem.split('-')[-1] if path.parts[0] == 'semi' else ''
    assert ours.split == '_'.join(filter(None, [theirs.split, percent]))


@pytest.mark.parametrize(
    'path', [p for p in EVALUATIONS if 'linear' not in p.stem], ids=str
)
def test_fine_tuning_augments_what_it_trains_on(path):
    cfg = Config.fromfile(CONFIGS / path)
    assert not cfg.model.frozen
    assert cfg.train_cfg.type == 'EpochBasedTrainLoop'
    first, second, *rest = cfg.train_dataloader.dataset.pipeline
    assert (first.type, second.type) == ('RandomTemporalCrop', 'RandomShear')
    for loader in (cfg.val_dataloader, cfg.test_dataloader):
        assert loader.dataset.pipeline == rest


@pytest.mark.parametrize(
    'path', [p for p in ALL if p.parts[0] == 'distillation'], ids=str
)
def test_distillation_takes_the_encoders_of_its_teachers_pretraining(path):
    cfg = Config.fromfile(CONFIGS / path)
    teacher, preprocessor = cfg.model.teacher, cfg.model.data_preprocessor
    folder, checkpoint = teacher.pretrained.split('/')[1:]
    pretraining = Config.fromfile(CONFIGS / 'ikem' / f'{folder}.py')
    assert checkpoint == f'epoch_{pretraining.train_cfg.max_epochs}.pth'
    assert pretraining.model.data_preprocessor == preprocessor
    assert teacher.modalities == preprocessor.modalities
    assert pretraining.model.neck == teacher.neck
    assert {**pretraining.model.backbone, 'dropout': 0} == {
        **teacher.backbone,
        'dropout': 0,
    }
    for loader in (pretraining.train_dataloader, cfg.train_dataloader):
        assert loader.dataset == cfg.train_dataloader.dataset
        assert loader.batch_size == cfg.train_dataloader.batch_size


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
