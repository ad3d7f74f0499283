# The runs of the tables on NTU RGB+D 60, cross-subject and cross-view.
_base_ = './tables.py'


def config(name, schedule, split):
    folder = name.split('-')[0]
    if name.endswith('implicit'):
        folder = 'ablation'
    return f'configs/{folder}/{name}_stgcn-slim_{schedule}_ntu60-{split}.py'


def linear(name, split):
    run = dict(checkpoint_of={'model.pretrained': f'{name}_{split}'})
    if name == 'skeletonclr-joint':
        run['options'] = {
            'model.data_preprocessor.modalities': ['joint'],
            'default_hooks.checkpoint.save_best': 'acc/top1',
        }
    head = 'linear-6m' if name == 'ikem-6m' else 'linear-3m'
    return dict(config=config(head, '1xb128-100e', split), **run)


def runs_of(split):
    names = ['skeletonclr-joint', 'crossclr-3m', 'ikem-3m', 'ikem-6m']
    if split == 'xview':  # Table 1a
        names.append('ikem-3m-implicit')
    runs = {
        f'{name}_{split}': dict(config=config(name, '1xb128-300e', split))
        for name in names
    }
    runs[f'distillation-3m_{split}'] = dict(
        config=config('distillation-3m', '1xb128-150e', split),
        checkpoint_of={'model.teacher.pretrained': f'ikem-6m_{split}'},
    )
    for name in [*names, 'distillation-3m']:
        runs[f'{name}_{split}_linear'] = linear(name, split)
    return runs


runs = {**runs_of('xsub'), **runs_of('xview')}
