# The tables on NTU RGB+D 120, at the paper's size: for a GPU.
#   python tools/reproduce.py ntu120
_base_ = './_base_/ntu.py'

data = {
    'data/ntu120': 'python tools/data/prepare_ntu.py RAW_DIR data/ntu120 '
    '--dataset ntu120'
}


def on_ntu120(name, run):
    """The run of NTU RGB+D 60 with other data, all else being equal."""
    options = {'model.num_classes': 120} if 'linear' in name else {}
    for part in ('train', 'val', 'test'):
        half = 'train' if part == 'train' else 'val'
        options[f'{part}_dataloader.dataset.data_root'] = 'data/ntu120'
        options[f'{part}_dataloader.dataset.split'] = f'{{column}}_{half}'
    return dict(
        config=run.config.replace('{column}', 'xview'), options=options
    )


runs = {name: on_ntu120(name, run) for name, run in _base_.runs.items()}
tables = {
    '1a': dict(columns=['xset']),
    '1b': dict(columns=['xsub', 'xset']),
    '1c': dict(columns=['xsub', 'xset']),
    '1d': dict(columns=['xsub', 'xset']),
    '1d+': dict(columns=['xsub', 'xset']),
    'students': dict(columns=['xsub', 'xset']),
}
