# The tables on the synthetic set, small enough for two CPU cores.
#   python tools/reproduce.py synthetic
_base_ = './_base_/trivial_rows.py'

data = {
    'data/synthetic/prepared': 'python tools/data/make_synthetic_ntu.py '
    'data/synthetic/raw; python tools/data/prepare_ntu.py data/synthetic/raw '
    'data/synthetic/prepared --dataset ntu60 --num-frames 25'
}


def config(name, schedule, split):
    folder = name.split('-')[0]
    return f'configs/{folder}/{name}_stgcn-slim-w8_{schedule}_synthetic-{split}.py'


def pretraining(name, split, options=None):
    return dict(
        config=config(name, '1xb32-30e', split),
        options=options or {},
        amp=True,
    )


def runs_of(split):
    untrained = {
        'optim_wrapper.optimizer.lr': 0,
        'train_dataloader.batch_size': 8,
        'train_cfg.max_epochs': 2,
    }
    heads = {
        'skeletonclr-3m': 'linear-3m',
        'crossclr-3m': 'linear-3m',
        'ikem-3m': 'linear-3m',
        'ikem-6m': 'linear-6m',
    }
    if split == 'xsub':  # Table 1a
        heads['ikem-3m-explicit'] = heads['ikem-3m-implicit'] = 'linear-3m'
    runs = {f'{name}_{split}': pretraining(name, split) for name in heads}
    runs[f'untrained-3m_{split}'] = pretraining('ikem-3m', split, untrained)
    runs[f'distillation-3m_{split}'] = dict(
        pretraining('distillation-3m', split),
        checkpoint_of={'model.teacher.pretrained': f'ikem-6m_{split}'},
    )
    heads['untrained-3m'] = heads['distillation-3m'] = 'linear-3m'
    for name, head in heads.items():
        runs[f'{name}_{split}_linear'] = dict(
            config=config(head, '1xb64-100e', split),
            checkpoint_of={'model.pretrained': f'{name}_{split}'},
        )
    return runs


runs = {
    'baselines': dict(baselines='data/synthetic/prepared'),
    **runs_of('xsub'),
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
