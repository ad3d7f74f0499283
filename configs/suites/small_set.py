# The recipe for small sets, configs/own, on NW-UCLA, and what changing one part of
# a training near it does. Encoders of half the width, 25 frames.
#   python tools/reproduce.py small_set --tables recipe --seeds 0 1 2 3 4 5 6 7
#   python tools/reproduce.py small_set --tables parts heads --seeds 0 1 2
# xview_dedup tests the encoders of xview without the copies of training clips.
_base_ = './_base_/trivial_rows.py'

data = {
    'data/nwucla_t25': 'python tools/data/prepare_nwucla.py RAW_DIR '
    'data/nwucla_t25 --num-frames 25'
}
columns = ['xview_dedup', 'xsub']
six = 'joint motion bone acceleration rotation_axis angular_velocity'
six_modalities = {'model.data_preprocessor.modalities': six.split()}
lr = 'optim_wrapper.optimizer.lr'


def on_nwucla(config, column, options):
    """A run of configs/own; encoders of xview_dedup are those of xview."""
    (folder,) = data
    train = column.replace('_dedup', '')
    splits = dict(
        train=f'{train}_train', val=f'{column}_val', test=f'{column}_val'
    )
    own = {'model.data_preprocessor.layout': 'kinect-20'}
    for loader, split in splits.items():
        own[f'{loader}_dataloader.dataset.data_root'] = folder
        own[f'{loader}_dataloader.dataset.split'] = split
    return dict(
        config='{{ fileDirname }}/../own/' + f'{config}_own.py',
        options={**own, **options},
    )


def pretraining(name, column, **options):
    config = f'{name}_stgcn-slim-w8_1xb64-60e'
    return dict(on_nwucla(config, column, options), amp=True)


def linear(pretraining, column, **options):
    options = {'model.num_classes': 10, **options}
    evaluation = on_nwucla(
        'linear-3m_stgcn-slim-w8_1xb128-100e', column, options
    )
    return dict(evaluation, checkpoint_of={'model.pretrained': pretraining})


untrained = {
    lr: 0,
    'train_dataloader.batch_size': 8,
    'model.exchange_begin': 1.0,  # never
    'train_cfg.max_epochs': 4,
}
half = {'model.exchange_begin': 0.5}
methods = {
    'ikem-6m': ('ikem-3m', {**six_modalities, **half}, six_modalities),
    'distillation-3m': ('distillation-3m', {}, {}),
    'ikem-3m': ('ikem-3m', {}, {}),
    'crossclr-3m': ('crossclr-3m', {}, {}),
    'skeletonclr-3m': ('skeletonclr-3m', {}, {}),
    'untrained-3m': ('ikem-3m', untrained, {}),
    'ikem-3m-half': ('ikem-3m', half, {}),
    'crossclr-3m-half': ('crossclr-3m', half, {}),
}
# A point near the recipe, whose heads have the learning rate 3.
near = {
    **half,
    lr: 0.02,
    'train_cfg.max_epochs': 40,
    'model.frozen_keys': [],
}
parts = {
    'from here': {},
    'learning rate 0.01': {lr: 0.01},
    'learning rate 0.05': {lr: 0.05},
    'bank of 256 keys': {'model.bank_size': 256},
    'momentum 0.996': {'model.momentum': 0.996},
    'temperature 0.07': {'model.temperature': 0.07},
    'temperature 0.2': {'model.temperature': 0.2},
    'exchange from 0.25': {'model.exchange_begin': 0.25},
    'exchange from 0.75': {'model.exchange_begin': 0.75},
    'frozen keys': {'model.frozen_keys': ['joint', 'bone']},
    'shear 1.0': {
        'train_dataloader.dataset.pipeline.0.transforms.1.amplitude': 1.0
    },
    '80 epochs': {'train_cfg.max_epochs': 80},
}
heads = (3.0, 1.0, 0.3, 0.1, 0.03)

runs = {'baselines': dict(baselines=next(iter(data)))}


def evaluated(run, column, config, options, evaluation):
    """A pre-training and its linear evaluation."""
    return {
        run: pretraining(config, column, **options),
        f'{run}_linear': linear(run, column, **evaluation),
    }


for column in columns:
    for name, method in methods.items():
        runs.update(evaluated(f'{name}_{column}', column, *method))
    runs[f'distillation-3m_{column}']['checkpoint_of'] = {
        'model.teacher.pretrained': f'ikem-6m_{column}'
    }
    for rate in heads:
        runs[f'heads-{rate}_{column}'] = linear(
            f'ikem-3m-half_{column}', column, **{lr: rate}
        )
for title, options in parts.items():
    run = f'{title}_{columns[0]}'.replace(' ', '-')
    options = {**near, **options}
    runs.update(evaluated(run, columns[0], 'ikem-3m', options, {lr: 3.0}))


def row(title, run):
    return dict(title=title, run=run, metric='acc/fused_top1')


titles = {
    'ikem-6m': '6 modalities, IKEM (teacher)',
    'distillation-3m': '3 students of the teacher',
    'ikem-3m': '3 modalities, IKEM',
    'crossclr-3m': '3 modalities, CrosSCLR',
    'skeletonclr-3m': '3 modalities, SkeletonCLR',
    'untrained-3m': '3 modalities, untrained',
    'ikem-3m-half': '3 modalities, IKEM, exchange from 0.5',
    'crossclr-3m-half': '3 modalities, CrosSCLR, exchange from 0.5',
}
rows = [
    row(title, f'{name}_{{column}}_linear') for name, title in titles.items()
]
tables = {
    '_delete_': True,
    'recipe': dict(
        title='The recipe for small sets, NW-UCLA, linear evaluation, fused',
        columns=columns,
        best=False,
        rows=[*rows, *_base_.tables['1b'].rows[-2:]],
    ),
    'parts': dict(
        title='IKEM, three modalities, 40 epochs, learning rate 0.02, '
        'heads 3: one part changed',
        columns=columns[:1],
        best=False,
        rows=[
            row(title, f'{title}_{{column}}_linear'.replace(' ', '-'))
            for title in parts
        ],
    ),
    'heads': dict(
        title='IKEM, three modalities, exchange from 0.5, by the rate of the '
        'heads',
        columns=columns,
        best=False,
        rows=[row(f'{rate}', f'heads-{rate}_{{column}}') for rate in heads],
    ),
}
del column, columns, six, six_modalities, lr, untrained, half, methods
del method, near, parts, heads, title, titles, rows, rate, name, options, run
