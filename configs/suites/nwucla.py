# The tables on NW-UCLA, in short: encoders of half the width, 25 frames, 40
# epochs, so that two CPU cores do it.
#   python tools/reproduce.py nwucla
# xview_dedup tests the encoders of xview without the copies of training clips.
_base_ = ['./_base_/trivial_rows.py', './_base_/runs.py']

data = {
    'data/nwucla_t25': 'python tools/data/prepare_nwucla.py RAW_DIR '
    'data/nwucla_t25 --num-frames 25'
}


def loader(name, split):
    return {
        f'{name}_dataloader.dataset.data_root': 'data/nwucla_t25',
        f'{name}_dataloader.dataset.split': split,
        f'{name}_dataloader.num_workers': 0,
        f'{name}_dataloader.persistent_workers': False,
    }


def half(config, schedule):
    return dict(
        config='{{ fileDirname }}/../'
        f'{config}_stgcn-slim_{schedule}_nwucla-xview.py',
        options={
            'model.backbone.base_channels': 8,
            'model.backbone.out_channels': 64,
            **loader('train', '{column}_train'),
        },
    )


def short_schedule(method):
    """Of 40 epochs, and 25 frames."""
    if method == 'hysp':  # a constant learning rate
        return {}
    if method == 'pstl':
        return {
            'param_scheduler.0.end': 4,
            'param_scheduler.1.begin': 3,
            'param_scheduler.1.end': 40,
            'param_scheduler.1.T_max': 37,
            'model.masked_frames': 5,
        }
    return {'param_scheduler.0.milestones': [32]}


def small_space(run):
    """For a small set, if exchanges have a bank of their own."""
    if 'model.exchange_space.neck.type' not in run.options:
        return {}
    return {
        'model.exchange_space.bank_size': 1024,
        'model.exchange_space.momentum': 0.99,
    }


def training(run):
    epochs = 50 if run.config.startswith('distillation') else 100
    pretraining = half(run.config, f'1xb64-{epochs}e')
    method = run.config.split('/')[0]
    short = {
        'train_cfg.max_epochs': 40,
        **short_schedule(method),
        **small_space(run),
    }
    pretraining['options'].update({**short, **run.options})
    if method == 'actclr':  # its views shrink as the epochs do
        views = 'train_dataloader.dataset.pipeline.0.transforms'
        for i, numbers in enumerate((['all', 5, 3], ['all', 3, 1])):
            pretraining['options'][f'{views}.{i}.1.schedule'] = [
                [14 * step, number] for step, number in enumerate(numbers)
            ]
    return dict(pretraining, amp=True)


def linear(run):
    evaluation = half(run.config, '1xb128-100e')
    for name in ('val', 'test'):
        evaluation['options'].update(loader(name, '{column}_val'))
    return evaluation


def without_copies(name, run):
    """The encoders of xview, {column} being xview_dedup."""
    options = {
        **linear(run)['options'],
        **run.options,
        'train_dataloader.dataset.split': 'xview_train',
    }
    pretraining = name.replace('{column}_linear', 'xview')
    checkpoint_of = {'model.pretrained': pretraining}
    return dict(linear(run), options=options, checkpoint_of=checkpoint_of)


runs = {
    'baselines': dict(baselines='data/nwucla_t25'),
    **{
        name: (linear if name.endswith('linear') else training)(run)
        for name, run in _base_.runs.items()
    },
    **{
        name.replace('{column}', 'xview_dedup'): without_copies(name, run)
        for name, run in _base_.runs.items()
        if name.endswith('linear')
    },
}
tables = {
    '1a': dict(columns=['xview', 'xview_dedup']),
    '1b': dict(columns=['xview', 'xview_dedup', 'xsub']),
    '1c': dict(columns=['xview', 'xview_dedup', 'xsub']),
    '1d': dict(columns=['xview', 'xview_dedup', 'xsub']),
    '1d+': dict(columns=['xview', 'xview_dedup', 'xsub']),
    'students': dict(columns=['xview', 'xview_dedup', 'xsub']),
}
