# The tables on the synthetic set, small enough for two CPU cores.
#   python tools/reproduce.py synthetic
_base_ = './_base_/trivial_rows.py'

data = {
    'data/synthetic/prepared': 'python tools/data/make_synthetic.py '
    'data/synthetic/raw; python tools/data/prepare_ntu.py data/synthetic/raw '
    'data/synthetic/prepared --dataset synthetic --num-frames 25'
}


def six():
    names = 'joint motion bone acceleration rotation_axis angular_velocity'
    return {'model.data_preprocessor.modalities': names.split()}


def trainings():
    """Config and options of each."""
    untrained = {
        'optim_wrapper.optimizer.lr': 0,
        'train_dataloader.batch_size': 8,
        'train_cfg.max_epochs': 2,
        'model.exchange_begin': 1.0,  # never
    }
    return {
        'skeletonclr-3m': ('skeletonclr/skeletonclr-3m', {}),
        'crossclr-3m': ('crossclr/crossclr-3m', {}),
        'ikem-3m': ('ikem/ikem-3m', {}),
        'ikem-6m': ('ikem/ikem-3m', six()),
        'untrained-3m': ('ikem/ikem-3m', untrained),
        'distillation-3m': ('distillation/distillation-3m', {}),
    }


def table_1a():
    return {'ikem-3m-implicit': ('ablation/ikem-3m-implicit', {})}


def splits(split):
    return {
        'train_dataloader.dataset.split': f'{split}_train',
        'val_dataloader.dataset.split': f'{split}_val',
        'test_dataloader.dataset.split': f'{split}_val',
    }


def run(config, schedule, **arguments):
    path = f'configs/{config}_stgcn-slim-w8_{schedule}_synthetic-xsub.py'
    return dict(config=path, **arguments)


def runs_of(split, more={}):
    chosen = {**trainings(), **more}
    runs = {
        f'{name}_{split}': run(
            config, '1xb32-30e', options={**splits(split), **options}, amp=True
        )
        for name, (config, options) in chosen.items()
    }
    runs[f'distillation-3m_{split}']['checkpoint_of'] = {
        'model.teacher.pretrained': f'ikem-6m_{split}'
    }
    for name in chosen:
        runs[f'{name}_{split}_linear'] = run(
            'linear/linear-3m',
            '1xb64-100e',
            options={**splits(split), **(six() if name == 'ikem-6m' else {})},
            checkpoint_of={'model.pretrained': f'{name}_{split}'},
        )
    return runs


runs = {
    'baselines': dict(baselines='data/synthetic/prepared'),
    **runs_of('xsub', table_1a()),
    **runs_of('xview'),
}
tables = {
    '1a': dict(columns=['xsub']),
    '1b': dict(
        rows={
            # trained with motion and bone, each on its own
            'SkeletonCLR, joint': dict(
                run='skeletonclr-3m_{column}_linear', metric='acc/joint_top1'
            )
        }
    ),
}
