# The tables on NTU RGB+D 120, at the paper's size: for a GPU.
#   python tools/reproduce.py ntu120
_base_ = './_base_/tables.py'

data = {
    'data/ntu120': 'python tools/data/prepare_ntu.py RAW_DIR data/ntu120 '
    '--dataset ntu120'
}


def config(name, schedule, split):
    folder = name.split('-')[0]
    return f'configs/{folder}/{name}_stgcn-slim_{schedule}_ntu120-{split}.py'


def runs_of(split):
    heads = {
        'skeletonclr-joint': 'linear-joint',
        'crossclr-3m': 'linear-3m',
        'ikem-3m': 'linear-3m',
        'ikem-6m': 'linear-6m',
    }
    if split == 'xset':  # Table 1a
        heads['ikem-3m-explicit'] = heads['ikem-3m-implicit'] = 'linear-3m'
    runs = {
        f'{name}_{split}': dict(config=config(name, '1xb128-300e', split))
        for name in heads
    }
    runs[f'distillation-3m_{split}'] = dict(
        config=config('distillation-3m', '1xb128-150e', split),
        checkpoint_of={'model.teacher.pretrained': f'ikem-6m_{split}'},
    )
    heads['distillation-3m'] = 'linear-3m'
    for name, head in heads.items():
        runs[f'{name}_{split}_linear'] = dict(
            config=config(head, '1xb128-100e', split),
            checkpoint_of={'model.pretrained': f'{name}_{split}'},
        )
    return runs


runs = {**runs_of('xsub'), **runs_of('xset')}
tables = {
    '1a': dict(columns=['xset']),
    '1b': dict(columns=['xsub', 'xset']),
    '1c': dict(columns=['xsub', 'xset']),
    '1d': dict(columns=['xsub', 'xset']),
}
