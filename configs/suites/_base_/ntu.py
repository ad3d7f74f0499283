# The runs on NTU RGB+D, with the configs of its 60 classes.
_base_ = ['./tables.py', './runs.py']


def config(beginning):
    schedules = dict(linear='1xb128-100e', distillation='1xb128-150e')
    schedule = schedules.get(beginning.split('/')[0], '1xb128-300e')
    folder = (
        '{{ fileDirname }}/../..'  # of this file, whatever inherits from it
    )
    return f'{folder}/{beginning}_stgcn-slim_{schedule}_ntu60-{{column}}.py'


runs = {
    name: dict(config=config(run.config)) for name, run in _base_.runs.items()
}
