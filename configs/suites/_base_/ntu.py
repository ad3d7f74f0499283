# The runs on NTU RGB+D, with the configs of its 60 classes.
_base_ = ['./tables.py', './runs.py']


def config(beginning):
    schedules = dict(
        linear='1xb128-100e', distillation='1xb128-150e', pstl='1xb128-150e'
    )
    schedule = schedules.get(beginning.split('/')[0], '1xb128-300e')
    folder = (
        '{{ fileDirname }}/../..'  # of this file, whatever inherits from it
    )
    return f'{folder}/{beginning}_stgcn-slim_{schedule}_ntu60-{{column}}.py'


# ActCLR's linear evaluation; 24 at a batch of 1024 is 3.0 at 128
ensemble = {
    'model.ensemble.joint': 0.6,
    'model.ensemble.motion': 0.4,
    'model.ensemble.bone': 0.6,
}
as_actclr = {
    **ensemble,
    'optim_wrapper.optimizer.lr': 24.0,
    'train_dataloader.batch_size': 1024,
}
# HYSP's encoders as released, of 12.8 M parameters
wide_encoder = {
    'model.backbone.base_channels': 64,
    'model.backbone.out_channels': 1024,
}
wide = {
    **wide_encoder,
    'model.neck.hid_channels': 1024,
    'model.neck.out_channels': 1024,
}
runs = {
    **{
        name: dict(config=config(run.config))
        for name, run in _base_.runs.items()
    },
    'actclr-3m_{column}_linear24': dict(
        config=config('linear/linear-3m'),
        options=as_actclr,
        checkpoint_of={'model.pretrained': 'actclr-3m_{column}'},
    ),
    'hysp-3m-wide_{column}': dict(config=config('hysp/hysp-3m'), options=wide),
    'hysp-3m-wide_{column}_linear': dict(
        config=config('linear/linear-3m'),
        options={**wide_encoder, **ensemble},
        checkpoint_of={'model.pretrained': 'hysp-3m-wide_{column}'},
    ),
}
# once the loss is the hyperbolic distance alone
runs['hysp-3m-exchange_{column}']['options'] = {'model.exchange_begin': 0.33}
tables = {
    '1d': dict(
        rows=[
            *_base_.tables['1d'].rows,
            dict(
                title='ActCLR, ensemble .6/.4/.6, lr 24 at 1024',
                run='actclr-3m_{column}_linear24',
                metric='acc/ensemble_top1',
            ),
            dict(
                title='HYSP as released, fused',
                run='hysp-3m-wide_{column}_linear',
                metric='acc/fused_top1',
            ),
        ]
    )
}
del as_actclr, ensemble, wide, wide_encoder
