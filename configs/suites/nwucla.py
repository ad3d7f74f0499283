# The tables on NW-UCLA, in short: encoders of half the width, 25 frames, 40
# epochs, so that two CPU cores do it.
#   python tools/reproduce.py nwucla
# xview_dedup tests the encoders of xview without the copies of training clips.
_base_ = './_base_/trivial_rows.py'

data = {
    'data/nwucla_t25': 'python tools/data/prepare_nwucla.py RAW_DIR '
    'data/nwucla_t25 --num-frames 25'
}


def config(name, schedule, split):
    folder = name.split('-')[0]
    return f'configs/{folder}/{name}_stgcn-slim_{schedule}_nwucla-{split}.py'


def loaders(*names):
    options = {}
    for name in names:
        options[f'{name}_dataloader.dataset.data_root'] = 'data/nwucla_t25'
        options[f'{name}_dataloader.num_workers'] = 0
        options[f'{name}_dataloader.persistent_workers'] = False
    return options


def encoder(model):
    return {
        f'{model}.backbone.base_channels': 8,
        f'{model}.backbone.out_channels': 64,
        f'{model}.neck.in_channels': 64,
    }


def training(name, schedule, split, options):
    return dict(
        config=config(name, schedule, split),
        options={
            **encoder('model'),
            'train_cfg.max_epochs': 40,
            'param_scheduler.0.milestones': [32],
            **loaders('train'),
            **options,
        },
        amp=True,
    )


def linear(name, head, split, pretrained_on):
    return dict(
        config=config(head, '1xb128-100e', split.replace('_', '-')),
        options={
            'model.backbone.base_channels': 8,
            'model.backbone.out_channels': 64,
            'model.in_channels': 64,
            **loaders('train', 'val', 'test'),
        },
        checkpoint_of={'model.pretrained': f'{name}_{pretrained_on}'},
    )


def runs_of(split, evaluations):
    exchange = {'custom_hooks.0.begin': 20}
    untrained = {
        'optim_wrapper.optimizer.lr': 0,
        'train_dataloader.batch_size': 8,
        'train_cfg.max_epochs': 2,
    }
    heads = {
        'ikem-6m': 'linear-6m',
        'ikem-3m': 'linear-3m',
        'crossclr-3m': 'linear-3m',
    }
    if split == 'xview':  # Table 1a
        heads['ikem-3m-explicit'] = heads['ikem-3m-implicit'] = 'linear-3m'
    runs = {
        f'{name}_{split}': training(name, '1xb64-100e', split, exchange)
        for name in heads
    }
    runs[f'skeletonclr-joint_{split}'] = training(
        'skeletonclr-joint', '1xb64-100e', split, {}
    )
    runs[f'untrained-3m_{split}'] = training(
        'ikem-3m', '1xb64-100e', split, {**exchange, **untrained}
    )
    runs[f'distillation-3m_{split}'] = dict(
        training(
            'distillation-3m', '1xb64-50e', split, encoder('model.teacher')
        ),
        checkpoint_of={'model.teacher.pretrained': f'ikem-6m_{split}'},
    )
    heads.update(
        {
            'skeletonclr-joint': 'linear-joint',
            'untrained-3m': 'linear-3m',
            'distillation-3m': 'linear-3m',
        }
    )
    for name, head in heads.items():
        for evaluation in evaluations:
            runs[f'{name}_{evaluation}_linear'] = linear(
                name, head, evaluation, split
            )
    return runs


runs = {
    'baselines': dict(baselines='data/nwucla_t25'),
    **runs_of('xview', ['xview', 'xview_dedup']),
    **runs_of('xsub', ['xsub']),
}
tables = {
    '1a': dict(columns=['xview', 'xview_dedup']),
    '1b': dict(columns=['xview', 'xview_dedup', 'xsub']),
    '1c': dict(columns=['xview', 'xview_dedup', 'xsub']),
    '1d': dict(columns=['xview', 'xview_dedup', 'xsub']),
}
