"""Every config, and every child that docs/configs.md shows, builds and
steps."""

import ast
import json
import math
import re

import pytest
import torch
from helpers import CONFIGS, ROOT, SKELETONCLR_JOINT, read, tiny
from mmaction.registry import MODELS, PARAM_SCHEDULERS
from mmengine.config import Config
from mmengine.runner import Runner

from projects.ikem.models.modalities import MODALITIES
from projects.ikem.reproduce.options import config_with

DOCS = (ROOT / 'docs/configs.md').read_text()
LEAVES = {
    path.stem: path.relative_to(CONFIGS)
    for path in sorted(CONFIGS.glob('*/*.py'))
    if path.parent.name not in ('_base_', 'suites')
}
CHILDREN = dict(
    re.findall(r'^```python\n# (\S+)\.py\n(.*?)^```$', DOCS, re.M | re.S)
)
ALL = [*LEAVES, *CHILDREN]
PRETRAININGS = (
    'skeletonclr',
    'crossclr',
    'ikem',
    'aimclr',
    'actclr',
    'cpm',
    'pstl',
    'hysp',
    'distillation',
)


def named(*algorithms):
    names = [name for name in ALL if name.split('-')[0] in algorithms]
    return pytest.mark.parametrize('name', names)


@pytest.fixture(scope='session')
def parsed(tmp_path_factory):
    """Configs by name."""
    folder = tmp_path_factory.mktemp('children')
    for name, text in CHILDREN.items():
        path = folder / f'{name}.py'
        path.write_text(text.replace('IKEM/', f'{ROOT}/'))
    return lambda name: read(LEAVES.get(name, folder / f'{name}.py'))


def test_number_of_configs():
    assert len(list(CONFIGS.rglob('*.*'))) < 130
    for folder in CONFIGS.iterdir():
        if folder.name not in ('_base_', 'suites'):
            assert 1 <= len(list(folder.glob('*.py'))) <= 6, folder.name


def test_children_are_three_lines():
    assert not set(CHILDREN) & set(LEAVES)
    assert len(CHILDREN) > 10
    for name, text in CHILDREN.items():
        assert len(ast.parse(text).body) <= 3, name


@pytest.fixture(scope='session')
def done():
    """What was built, and what stepped: most configs differ by their data
    alone."""
    return set()


@pytest.mark.parametrize('name', ALL)
def test_builds(name, parsed, done):
    model = parsed(name).model
    text = json.dumps(model)
    if text not in done:
        MODELS.build(model)
        done.add(text)


@pytest.mark.long
@pytest.mark.filterwarnings('ignore:no `pretrained` checkpoint')
@pytest.mark.parametrize('name', ALL)
def test_builds_and_steps(
    name, parsed, done, prepared_ntu, prepared_nwucla, tmp_path
):
    cfg = parsed(name)
    nwucla = 'nwucla' in cfg.train_dataloader.dataset.data_root
    cfg = tiny(cfg, prepared_nwucla if nwucla else prepared_ntu, tmp_path)
    if name.endswith('_own'):  # whose splits are train and val
        for loader in (cfg.train_dataloader, cfg.val_dataloader):
            loader.dataset.split = f'xsub_{loader.dataset.split}'
    built = without(cfg, 'split', 'pretrained', 'lr')
    if built in done:
        return
    runner = Runner.from_cfg(cfg)
    runner.model.init_weights()
    loop = runner.train_loop
    loop.dataloader.dataset.set_epoch(0, 0)  # as DatasetEpochHook does
    wrapper = runner.build_optim_wrapper(runner.optim_wrapper)
    for epoch in range(2 if 'exchange_begin' in cfg.model else 1):  # stages
        if 'exchange_begin' in cfg.model:
            runner.model.set_progress(epoch, 2)
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
    done.add(built)


def without(cfg, *keys):
    """The parts that a step is made of, as text, without some fields."""

    def plain(node):
        if isinstance(node, dict):
            return {k: plain(v) for k, v in node.items() if k not in keys}
        if isinstance(node, (list, tuple)):
            return [plain(value) for value in node]
        return node

    parts = ('model', 'train_dataloader', 'optim_wrapper', 'custom_hooks')
    return json.dumps([plain(cfg.get(part)) for part in parts])


@pytest.mark.parametrize('name', ALL)
def test_says_what_it_trains(name, parsed):
    algorithm, _, schedule, data = name.split('_')
    algorithm, modalities, *_ = algorithm.split('-')
    if name in LEAVES:
        text = (CONFIGS / LEAVES[name]).read_text()
        assert text.startswith('# ')
        assert f'configs/{LEAVES[name]}' in text  # its command
        assert LEAVES[name].parts[0] in (algorithm, 'ablation', 'own')
    cfg = parsed(name)
    dataset, *split = data.split('-')
    assert dataset in cfg.train_dataloader.dataset.data_root
    percent = [split.pop()] if split and split[-1].endswith('pct') else []
    train_split = cfg.train_dataloader.dataset.split
    assert train_split.endswith('_'.join(['train', *percent]))
    for loader in (cfg.val_dataloader, cfg.test_dataloader):
        assert loader.dataset.split == '_'.join([*split, 'val'])
    of = {'3m': list(MODALITIES)[:3], '6m': list(MODALITIES)}
    model = cfg.model
    trained = model.get('modalities') or model.data_preprocessor.modalities
    assert trained == of.get(modalities, [modalities])
    batch, epochs = cfg.train_dataloader.batch_size, cfg.train_cfg.max_epochs
    assert schedule == f'1xb{batch}-{epochs}e'
    assert cfg.auto_scale_lr.base_batch_size == batch


@named(*PRETRAININGS, 'retrieval')
def test_the_gallery_is_what_was_trained_on(name, parsed):
    cfg = parsed(name)
    assert cfg.train_cfg.val_interval == 10
    trained = cfg.train_dataloader.dataset
    for part in ('val', 'test'):
        assert 'gallery_split' not in cfg[f'{part}_cfg']  # that of training
        queries = cfg[f'{part}_dataloader'].dataset
        assert queries.split == trained.split.replace('train', 'val')
        assert queries.data_root == trained.data_root


@named('ikem', 'crossclr')
def test_second_stage_is_the_second_half(name, parsed):
    """But for three modalities of a small set."""
    cfg = parsed(name)
    begin = 0.5
    if name.endswith('_own') and '3m' in name:
        begin = {'IKEM': 0.25, 'CrosSCLR': 0.75}[cfg.model.type]
    assert cfg.model.exchange_begin == begin
    assert cfg.model.frozen_keys == ['joint', 'bone', 'rotation_axis']
    idle = dict(type='ImplicitExchange') in cfg.model.get('exchanges', [])
    assert cfg.get('find_unused_parameters', False) == idle


@named('hysp')
def test_exchange_begins_where_the_distance_is_hyperbolic(name, parsed):
    """Of small sets where it begins to be so."""
    cfg = parsed(name)
    if 'ntu60' in name:
        exchange, edge = cfg.exchange, cfg.model.pace_end
    else:
        exchange, edge = cfg.small_exchange, cfg.model.pace_begin
    begin, edge = (
        x * cfg.train_cfg.max_epochs if isinstance(x, float) else x
        for x in (exchange.exchange_begin, edge)
    )
    assert begin == edge < cfg.train_cfg.max_epochs


@named('linear', 'finetune', 'semi', 'transfer')
def test_evaluation_takes_the_checkpoint_of_its_pretraining(name, parsed):
    cfg = parsed(name)
    folder, checkpoint = cfg.model.pretrained.split('/')[1:]
    pretraining = parsed(folder)
    assert checkpoint == f'epoch_{pretraining.train_cfg.max_epochs}.pth'
    for key in ('data_preprocessor', 'backbone'):
        assert pretraining.model[key] == cfg.model[key]
    theirs = pretraining.train_dataloader.dataset
    ours = cfg.train_dataloader.dataset
    same = theirs.data_root == ours.data_root
    assert same == (not name.startswith('transfer'))
    percent = name.split('-')[-1] if name.startswith('semi') else ''
    assert ours.split == '_'.join(filter(None, [theirs.split, percent]))


@named('linear', 'finetune', 'semi', 'transfer')
def test_classes_are_those_of_the_data(name, parsed):
    cfg = parsed(name)
    root = cfg.train_dataloader.dataset.data_root
    classes = {
        'data/ntu60': 60,
        'data/ntu120': 120,
        'data/nwucla': 10,
        'data/synthetic/prepared': 17,
        'data/own': 60,  # to be set
    }
    assert cfg.model.num_classes == classes[root]


@named('finetune', 'semi')
def test_fine_tuning_augments_what_it_trains_on(name, parsed):
    cfg = parsed(name)
    assert not cfg.model.frozen
    assert cfg.train_cfg.type == 'EpochBasedTrainLoop'
    first, second, *rest = cfg.train_dataloader.dataset.pipeline
    assert (first.type, second.type) == ('RandomTemporalCrop', 'RandomShear')
    for loader in (cfg.val_dataloader, cfg.test_dataloader):
        assert loader.dataset.pipeline == rest


@named('distillation')
def test_distillation_takes_the_encoders_of_its_teachers_pretraining(
    name, parsed
):
    cfg = parsed(name)
    teacher = cfg.model.teacher
    folder, checkpoint = teacher.pretrained.split('/')[1:]
    if folder not in ALL:  # a child of a child, by the same pattern
        assert 'ntu120' in folder
        folder = folder.replace('ntu120', 'ntu60')
        cfg.train_dataloader.dataset.data_root = 'data/ntu60'
    pretraining = parsed(folder)
    assert checkpoint == f'epoch_{pretraining.train_cfg.max_epochs}.pth'
    modalities = pretraining.model.data_preprocessor.modalities
    assert teacher.modalities == modalities
    for key in ('data_preprocessor', 'backbone'):
        assert pretraining.model[key] == cfg.model[key]
    assert pretraining.model.neck == teacher.neck
    for loader in (pretraining.train_dataloader, cfg.train_dataloader):
        assert loader.dataset == cfg.train_dataloader.dataset
        assert loader.batch_size == cfg.train_dataloader.batch_size


@pytest.mark.parametrize(
    'folder, options',
    [
        ('distillation', {'model.form': 'paper'}),
        ('linear', {'optim_wrapper.optimizer.lr': 0.1}),
        ('linear', {'val_dataloader.dataset.split': 'xview_dedup_val'}),
        ('semi', {'train_dataloader.dataset.split': 'xsub_train_5pct'}),
    ],
)
def test_options_for_old_names(folder, options):
    ((key, value),) = options.items()
    assert f'--cfg-options {key}={value}' in DOCS
    path = next(iter((CONFIGS / folder).glob('*.py')))
    node = config_with(path, options)
    for part in key.split('.'):
        node = node[part]
    assert node == value


def test_inherited_from_another_project(tmp_path):
    """By path, and with the scope of mmaction2's own runtime."""
    path = tmp_path / 'mine.py'
    path.write_text(
        f"_base_ = '{SKELETONCLR_JOINT}'\n"
        "model = dict(backbone=dict(_delete_=True, type='STGCN',\n"
        "    graph_cfg=dict(layout='nturgb+d', mode='stgcn_spatial')))\n"
    )
    cfg = Config.fromfile(path)
    assert cfg.model.backbone.type == 'STGCN'
    assert cfg.default_scope == 'mmaction'


@named('pstl')
def test_pstl_warms_up_and_goes_down_by_a_cosine(name, parsed):
    """From 0 in the first epoch, to almost 0 in the last."""
    cfg = parsed(name)
    epochs = cfg.train_cfg.max_epochs
    warm_up = cfg.param_scheduler[1].begin
    optimizer = torch.optim.Adam([torch.nn.Parameter(torch.ones(1))], 1.0)
    schedulers = [
        PARAM_SCHEDULERS.build(dict(scheduler, optimizer=optimizer))
        for scheduler in cfg.param_scheduler
    ]
    for epoch in range(epochs):
        rest = (epoch - warm_up) / (epochs - warm_up)
        expected = (1 + math.cos(math.pi * rest)) / 2
        if epoch < warm_up:
            expected = epoch / warm_up
        (group,) = optimizer.param_groups
        assert group['lr'] == pytest.approx(expected, abs=1e-10)
        optimizer.step()
        for scheduler in schedulers:
            scheduler.step()


@pytest.mark.parametrize(
    'name',
    [
        name
        for name in ALL
        if name.endswith('_own') and name.split('-')[0] in PRETRAININGS
    ],
)
def test_small_sets_warm_up_and_end_at_the_foot_of_a_cosine(name, parsed):
    cfg = parsed(name)
    assert cfg.optim_wrapper.optimizer.type == 'SGD'
    steps = 5  # of an epoch
    optimizer = torch.optim.SGD([torch.nn.Parameter(torch.ones(1))], 1.0)
    schedulers = [
        PARAM_SCHEDULERS.build(
            dict(scheduler, optimizer=optimizer),
            # as the Runner's
            default_args=dict(
                end=cfg.train_cfg.max_epochs, epoch_length=steps
            ),
        )
        for scheduler in cfg.param_scheduler
    ]
    rates = []
    for _ in range(steps * cfg.train_cfg.max_epochs):
        rates.append(optimizer.param_groups[0]['lr'])
        optimizer.step()
        for scheduler in schedulers:
            scheduler.step()
    top = 2 * steps - 1
    assert rates[0] == pytest.approx(0.1)
    assert rates[top] == pytest.approx(1)
    assert rates[:top] == sorted(rates[:top])
    assert rates[top:] == sorted(rates[top:], reverse=True)
    assert rates[-1] < 0.01
