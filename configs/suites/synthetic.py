# The tables on the synthetic set, small enough for two CPU cores.
#   python tools/reproduce.py synthetic
_base_ = ['./_base_/trivial_rows.py', './_base_/runs.py']

data = {
    'data/synthetic/prepared': 'python tools/data/make_synthetic.py '
    'data/synthetic/raw && python tools/data/prepare_ntu.py data/synthetic/raw '
    'data/synthetic/prepared --dataset synthetic --num-frames 25'
}


def on_synthetic(name, run):
    schedule = '1xb64-100e' if name.endswith('linear') else '1xb32-30e'
    config = f'{run.config}_stgcn-slim-w8_{schedule}_synthetic-xsub.py'
    small_space = {
        'model.exchange_space.bank_size': 1024,
        'model.exchange_space.momentum': 0.99,
    }
    has_space = 'model.exchange_space.neck.type' in run.get('options', {})
    return dict(
        config=f'{{ fileDirname }}/../{config}',
        options={
            **(small_space if has_space else {}),
            'train_dataloader.dataset.split': '{column}_train',
            'val_dataloader.dataset.split': '{column}_val',
            'test_dataloader.dataset.split': '{column}_val',
        },
        amp=not name.endswith('linear'),
    )


runs = {
    'baselines': dict(baselines='data/synthetic/prepared'),
    **{name: on_synthetic(name, run) for name, run in _base_.runs.items()},
}
tables = {'1a': dict(columns=['xsub'])}
