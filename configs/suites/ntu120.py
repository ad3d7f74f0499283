# The tables on NTU RGB+D 120, at the paper's size: for a GPU.
#   python tools/reproduce.py ntu120
_base_ = './_base_/ntu60.py'

data = {
    'data/ntu120': 'python tools/data/prepare_ntu.py RAW_DIR data/ntu120 '
    '--dataset ntu120'
}


def here(name):
    return name.replace('xview', 'xset')


def on_ntu120(name, run):
    """A run of NTU RGB+D 60, cross-view as cross-setup."""
    split = 'xset' if 'xview' in name else 'xsub'
    options = dict(run.get('options', {}))
    for part in ('train', 'val', 'test'):
        dataset = f'{part}_dataloader.dataset'
        halves = dict(train='train').get(part, 'val')
        options[f'{dataset}.data_root'] = 'data/ntu120'
        options[f'{dataset}.split'] = f'{split}_{halves}'
    if name.endswith('linear'):
        options['model.num_classes'] = 120
    needs = {key: here(n) for key, n in run.get('checkpoint_of', {}).items()}
    return dict(config=run.config, options=options, checkpoint_of=needs)


runs = {here(name): on_ntu120(name, run) for name, run in _base_.runs.items()}
runs['_delete_'] = True
tables = {
    '1a': dict(columns=['xset']),
    '1b': dict(columns=['xsub', 'xset']),
    '1c': dict(columns=['xsub', 'xset']),
    '1d': dict(columns=['xsub', 'xset']),
}
