"""Options that nothing reads; those of tools are in test_bad_input.py."""

import pytest
from mmengine.config import Config

from projects.ikem.engine.config_check import apply_options

STGCN = 'stgcn_8xb16-joint-u100-80e_ntu60-xsub-keypoint-3d.py'


@pytest.fixture
def own():
    return Config(
        dict(
            model=dict(type='IKEM', backbone=dict(type='SlimSTGCN')),
            custom_hooks=[dict(begin=5)],
            randomness=dict(seed=0),
        )
    )


@pytest.mark.parametrize(
    'options',
    [
        {'model.backbone.base_channels': 8, 'custom_hooks.0.begin': 6},
        {'model.momentum': 0.9},  # an argument of a base class
        {'model.backbone.init_cfg.type': 'Pretrained'},
        {'optim_wrapper.accumulative_counts': 2, 'sync_bn': 'torch'},
    ],
)
def test_options_that_are_read(own, options):
    apply_options(own, options)


def test_another_optimiser():
    old = dict(type='SGD', lr=0.1, momentum=0.9)
    cfg = Config(dict(optim_wrapper=dict(optimizer=old)))
    key = 'optim_wrapper.optimizer'
    apply_options(cfg, [f'{key}._delete_=True', f'{key}.type=AdamW'])
    assert cfg.optim_wrapper.optimizer == dict(type='AdamW')
    with pytest.raises(ValueError, match='nothing reads model.backbon'):
        model = dict(type='IKEM', backbone=dict(type='SlimSTGCN'))
        apply_options(Config(dict(model=model)), ['model.backbon._delete_=1'])


@pytest.mark.parametrize(
    'options',
    [
        {},
        {'model.cls_head.dropout': 0.5, 'param_scheduler.0.begin': 1},
        {'train_dataloader.dataset.dataset.split': 'x'},
        {'train_dataloader.drop_last': True, 'train_cfg.val_begin': 3},
        {'train_dataloader.prefetch_factor': 4},  # for keywords alone
        {'optim_wrapper.optimizer.foreach': True},
        {
            'optim_wrapper.optimizer.type': 'AdamW',
            'optim_wrapper.optimizer.amsgrad': True,
        },
        {'default_hooks.checkpoint.interval': 3},
        {'model.backbone.gcn_adaptive': 'init'},  # one of its ``**kwargs``
    ],
)
def test_options_of_a_config_of_the_toolbox(tmp_path, options):
    """With the scope that mmengine writes in what it inherits."""
    path = tmp_path / 'mine.py'
    path.write_text(f'_base_ = "mmaction::skeleton/stgcn/{STGCN}"')
    cfg = Config.fromfile(path)
    assert '_scope_' in cfg.default_hooks.checkpoint
    apply_options(cfg, options)


def test_no_workers_do_not_persist(own):
    own.train_dataloader = dict(num_workers=4, persistent_workers=True)
    apply_options(own, {'train_dataloader.num_workers': 2})
    assert own.train_dataloader.persistent_workers
    apply_options(own, {'train_dataloader.num_workers': 0})
    assert not own.train_dataloader.persistent_workers


@pytest.mark.parametrize(
    'key, named',
    [
        ('randomness.sed', 'randomness.seed'),
        ('randomnes.seed', 'randomness'),
        ('model.backbon.base_channels', 'model.backbone'),
        ('model.backbone.base_chanels', 'model.backbone.base_channels'),
        ('model.momentun', 'model.momentum'),
        ('custom_hooks.1.begin', 'custom_hooks.1'),
        ('custom_hooks.begin', 'custom_hooks.begin'),
    ],
)
def test_typos_are_found(own, key, named):
    with pytest.raises(ValueError, match=named):
        apply_options(own, {key: 1, 'randomness.seed': 1})


@pytest.mark.parametrize(
    'value',
    [
        "[dict(type='PackSkeleton'),dict(type='MultiView')]",
        'dict(a=1)',
        '{"a":1}',
        '[{"a":1}]',
    ],
)
def test_dicts_are_no_options(value):
    cfg = Config(dict(train_dataloader=dict(dataset=dict(pipeline=[]))))
    option = 'train_dataloader.dataset.pipeline'
    with pytest.raises(ValueError, match=f'{option}: .*holds a dict'):
        apply_options(cfg, [f'{option}={value}'])


def test_braces_of_a_prefix_are_no_dict():
    cfg = Config(dict(model=dict(prefix='')))
    apply_options(cfg, ['model.prefix=query.{modality}.backbone.'])
    assert cfg.model.prefix == 'query.{modality}.backbone.'
