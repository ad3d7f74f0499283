# The tables on NW-UCLA, in short: encoders of half the width, 25 frames, 40
# epochs, so that two CPU cores do it.
#   python tools/reproduce.py nwucla
# xview_dedup tests the encoders of xview without the copies of training clips.
_base_ = './_base_/trivial_rows.py'

data = {
    'data/nwucla_t25': 'python tools/data/prepare_nwucla.py RAW_DIR '
    'data/nwucla_t25 --num-frames 25'
}


def six():
    names = 'joint motion bone acceleration rotation_axis angular_velocity'
    return {'model.data_preprocessor.modalities': names.split()}


def trainings():
    """Config, options, and options of the linear evaluation of each."""
    joint = {'model.data_preprocessor.modalities': ['joint']}
    best = {'default_hooks.checkpoint.save_best': 'acc/top1'}
    untrained = {
        'optim_wrapper.optimizer.lr': 0,
        'train_dataloader.batch_size': 8,
        'train_cfg.max_epochs': 2,
        'model.exchange_begin': 1.0,  # never
    }
    return {
        'ikem-6m': ('ikem/ikem-3m', six(), six()),
        'ikem-3m': ('ikem/ikem-3m', {}, {}),
        'crossclr-3m': ('crossclr/crossclr-3m', {}, {}),
        'skeletonclr-joint': (
            'skeletonclr/skeletonclr-3m',
            joint,
            {**joint, **best},
        ),
        'untrained-3m': ('ikem/ikem-3m', untrained, {}),
        'distillation-3m': ('distillation/distillation-3m', {}, {}),
    }


def table_1a():
    return {'ikem-3m-implicit': ('ablation/ikem-3m-implicit', {}, {})}


def half():
    return {
        'model.backbone.base_channels': 8,
        'model.backbone.out_channels': 64,
    }


def loader(name, split):
    return {
        f'{name}_dataloader.dataset.data_root': 'data/nwucla_t25',
        f'{name}_dataloader.dataset.split': split,
        f'{name}_dataloader.num_workers': 0,
        f'{name}_dataloader.persistent_workers': False,
    }


def training(config, split, options):
    epochs = 50 if config.startswith('distillation') else 100
    return dict(
        config=f'configs/{config}_stgcn-slim_1xb64-{epochs}e_nwucla-xview.py',
        options={
            **half(),
            'train_cfg.max_epochs': 40,
            'param_scheduler.0.milestones': [32],
            **loader('train', f'{split}_train'),
            **options,
        },
        amp=True,
    )


def linear(name, split, evaluation, options):
    return dict(
        config='configs/linear/linear-3m_stgcn-slim_1xb128-100e_nwucla-xview.py',
        options={
            **half(),
            **loader('train', f'{split}_train'),
            **loader('val', f'{evaluation}_val'),
            **loader('test', f'{evaluation}_val'),
            **options,
        },
        checkpoint_of={'model.pretrained': f'{name}_{split}'},
    )


def runs_of(split, evaluations, more={}):
    chosen = {**trainings(), **more}
    runs = {
        f'{name}_{split}': training(config, split, options)
        for name, (config, options, _) in chosen.items()
    }
    runs[f'distillation-3m_{split}']['checkpoint_of'] = {
        'model.teacher.pretrained': f'ikem-6m_{split}'
    }
    for name, (*_, options) in chosen.items():
        for evaluation in evaluations:
            runs[f'{name}_{evaluation}_linear'] = linear(
                name, split, evaluation, options
            )
    return runs


runs = {
    'baselines': dict(baselines='data/nwucla_t25'),
    **runs_of('xview', ['xview', 'xview_dedup'], table_1a()),
    **runs_of('xsub', ['xsub']),
}
tables = {
    '1a': dict(columns=['xview', 'xview_dedup']),
    '1b': dict(columns=['xview', 'xview_dedup', 'xsub']),
    '1c': dict(columns=['xview', 'xview_dedup', 'xsub']),
    '1d': dict(columns=['xview', 'xview_dedup', 'xsub']),
}
