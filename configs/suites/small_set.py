# The recipe for small sets, configs/own, on NW-UCLA, and what changing one part of
# a training near it does. Encoders of half the width, 25 frames.
#   python tools/reproduce.py small_set --tables recipe --seeds 0 1 2 3 4 5 6 7
#   python tools/reproduce.py small_set --tables parts heads --seeds 0 1 2
#   python tools/reproduce.py small_set --tables 200_clips 5000_clips --seeds 0
# xview_dedup tests the encoders of xview without the copies of training clips;
# 200_clips needs the split that label_subset.py adds, also to data that are there.

data = {
    'data/nwucla_t25': 'python tools/data/prepare_nwucla.py RAW_DIR '
    'data/nwucla_t25 --num-frames 25 && python tools/data/label_subset.py '
    'data/nwucla_t25 --split xview_dedup_train --per-class 20',
    'data/synthetic_5000': 'python tools/data/make_synthetic.py '
    'data/synthetic_5000_raw --subjects 80 && python tools/data/prepare_ntu.py '
    'data/synthetic_5000_raw data/synthetic_5000 --dataset synthetic '
    '--num-frames 25',
}
columns = ['xview_dedup', 'xsub']
six = 'joint motion bone acceleration rotation_axis angular_velocity'
six_modalities = {'model.data_preprocessor.modalities': six.split()}
lr = 'optim_wrapper.optimizer.lr'


def loaders(folder, train, val):
    options = {}
    for loader, split in dict(train=train, val=val, test=val).items():
        options[f'{loader}_dataloader.dataset.data_root'] = folder
        options[f'{loader}_dataloader.dataset.split'] = split
    return options


nwucla, synthetic = data
kinect = {'model.data_preprocessor.layout': 'kinect-20'}
twenty = 'xview_dedup_train_20perclass'
sets = {
    'xview_dedup': {
        **kinect,
        **loaders(nwucla, 'xview_train', 'xview_dedup_val'),
    },
    'xsub': {**kinect, **loaders(nwucla, 'xsub_train', 'xsub_val')},
    '200_clips': {**kinect, **loaders(nwucla, twenty, 'xview_dedup_val')},
    '5000_clips': {
        'model.data_preprocessor.skip_absent': True,
        **loaders(synthetic, 'xview_train', 'xview_val'),
    },
}


def run_of_own(config, data_set, options, sets=sets):  # sets: deleted below
    return dict(
        config='{{ fileDirname }}/../own/' + f'{config}_own.py',
        options={**sets[data_set], **options},
    )


def pretraining(name, data_set, **options):
    config = f'{name}_stgcn-slim-w8_1xb64-60e'
    return dict(run_of_own(config, data_set, options), amp=True)


def linear(pretraining, data_set, **options):
    num_classes = 17 if data_set == '5000_clips' else 10
    options = {'model.num_classes': num_classes, **options}
    config = 'linear-3m_stgcn-slim-w8_1xb128-100e'
    return dict(
        run_of_own(config, data_set, options),
        checkpoint_of={'model.pretrained': pretraining},
    )


untrained = {
    lr: 0,
    'train_dataloader.batch_size': 8,
    'model.exchange_begin': 1.0,  # never
    'train_cfg.max_epochs': 4,
}
quarter = {'model.exchange_begin': 0.25}
half = {'model.exchange_begin': 0.5}
methods = {
    'ikem-6m': ('ikem-3m', {**six_modalities, **half}, six_modalities),
    'distillation-3m': ('distillation-3m', {}, {}),
    'ikem-3m': ('ikem-3m', {}, {}),
    'crossclr-3m': ('crossclr-3m', {}, {}),
    'skeletonclr-3m': ('skeletonclr-3m', {}, {}),
    'untrained-3m': ('ikem-3m', untrained, {}),
    'ikem-3m-half': ('ikem-3m', half, {}),
    'crossclr-3m-quarter': ('crossclr-3m', quarter, {}),
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
    'exchange from 0.25': quarter,
    'exchange from 0.75': {'model.exchange_begin': 0.75},
    'frozen keys': {'model.frozen_keys': ['joint', 'bone']},
    'shear 1.0': {
        'train_dataloader.dataset.pipeline.0.transforms.1.amplitude': 1.0
    },
    '80 epochs': {'train_cfg.max_epochs': 80},
}
heads = (3.0, 1.0, 0.3, 0.03)  # beside the recipe's, 0.1
# Other sizes, by the number of steps; a bank of half the set or less.
epochs = 'train_cfg.max_epochs'
batch = 'train_dataloader.batch_size'
bank = 'model.bank_size'
sizes = {
    '200_clips': {
        'batches of 64, 60 epochs': {bank: 100},
        'batches of 32, 120 epochs': {bank: 100, batch: 32, epochs: 120},
        'batches of 32, 240 epochs': {bank: 100, batch: 32, epochs: 240},
    },
    '5000_clips': {
        'batches of 64, 12 epochs': {bank: 2048, epochs: 12},
        'batches of 64, 24 epochs': {bank: 2048, epochs: 24},
    },
}

runs = {
    'baselines': dict(baselines=nwucla),
    'baselines-synthetic': dict(baselines=synthetic),
}


def evaluated(run, data_set, config, options, evaluation):
    """A pre-training and its linear evaluation."""
    return {
        run: pretraining(config, data_set, **options),
        f'{run}_linear': linear(run, data_set, **evaluation),
    }


def slug(*words):
    return '_'.join(words).replace(',', '').replace(' ', '-')


for column in columns:
    for name, method in methods.items():
        runs.update(evaluated(f'{name}_{column}', column, *method))
    runs[f'distillation-3m_{column}']['checkpoint_of'] = {
        'model.teacher.pretrained': f'ikem-6m_{column}'
    }
    for rate in heads:
        runs[f'heads-{rate}_{column}'] = linear(
            f'ikem-3m_{column}', column, **{lr: rate}
        )
for title, options in parts.items():
    run = slug(title, columns[0])
    options = {**near, **options}
    runs.update(evaluated(run, columns[0], 'ikem-3m', options, {lr: 3.0}))
for size, settings in sizes.items():
    for title, options in settings.items():
        run = slug(size, title)
        runs.update(evaluated(run, size, 'ikem-3m', options, {}))


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
    'crossclr-3m-quarter': '3 modalities, CrosSCLR, exchange from 0.25',
    'crossclr-3m-half': '3 modalities, CrosSCLR, exchange from 0.5',
}


def baseline_rows(run, split):
    titles = {'ridge': 'ridge', 'nn1': 'nearest neighbour'}
    return [
        dict(title=f'{title} on 24 frames', run=run, metric=f'{split}/{name}')
        for name, title in titles.items()
    ]


def size_table(size, titles, clips, column, baselines):
    """The settings for a size, beside the baselines of its split."""
    rows = [
        row(f'IKEM, {title}', slug(size, title, 'linear')) for title in titles
    ]
    return dict(
        title=f'{clips}, three modalities, linear evaluation, fused',
        columns=[column],
        best=False,
        rows=[*rows, *baselines],
    )


tables = {
    'recipe': dict(
        title='The recipe for small sets, NW-UCLA, linear evaluation, fused',
        columns=columns,
        best=False,
        rows=[
            *(
                row(title, f'{name}_{{column}}_linear')
                for name, title in titles.items()
            ),
            *baseline_rows('baselines', '{column}'),
        ],
    ),
    'parts': dict(
        title='IKEM, three modalities, 40 epochs, learning rate 0.02, '
        'heads 3: one part changed',
        columns=columns[:1],
        best=False,
        rows=[
            row(title, slug(title, '{column}', 'linear')) for title in parts
        ],
    ),
    'heads': dict(
        title='IKEM, three modalities, by the rate of the heads',
        columns=columns,
        best=False,
        rows=[
            row('0.1', 'ikem-3m_{column}_linear'),
            *(row(f'{rate}', f'heads-{rate}_{{column}}') for rate in heads),
        ],
    ),
    '200_clips': size_table(
        '200_clips',
        sizes['200_clips'],
        'NW-UCLA, 20 clips of each class',
        'xview_dedup',
        baseline_rows('baselines', 'xview_dedup_20perclass'),
    ),
    '5000_clips': size_table(
        '5000_clips',
        sizes['5000_clips'],
        'Synthetic skeletons, 5,440 clips',
        'xview',
        baseline_rows('baselines-synthetic', 'xview'),
    ),
}
del column, columns, six, six_modalities, kinect, twenty, lr, bank, batch
del epochs, untrained, quarter, half, methods, method, near, parts, heads
del sets, sizes, size, settings, nwucla, synthetic, title, titles, rate
del name, options, run
