# Runs of the tables of the paper, {column} being a split: pre-trainings, and the
# linear evaluation of each. A suite completes the name of the config, and adds
# options, for its data.
def modalities(names):
    return {'model.data_preprocessor.modalities': names.split()}


def trainings():
    """Beginning of the config's name, options, options of the evaluation."""
    # the protocol of AimCLR and those after it, beside ours
    ensemble = {
        'model.ensemble.joint': 0.6,
        'model.ensemble.motion': 0.4,
        'model.ensemble.bone': 0.6,
    }
    exchange = {
        'model.exchanges': ['ExplicitExchange', 'ImplicitExchange'],
        'find_unused_parameters': True,
    }
    six = 'joint motion bone acceleration rotation_axis angular_velocity'
    joint = modalities('joint')
    # of methods without a bank
    with_space = {
        **exchange,
        'model.exchange_space.neck.type': 'MLPProjector',
        'model.exchange_space.neck.hid_channels': 256,
        'model.exchange_space.neck.out_channels': 128,
    }
    best = {'default_hooks.checkpoint.save_best': 'acc/top1'}
    untrained = {
        'optim_wrapper.optimizer.lr': 0,
        'train_dataloader.batch_size': 8,
        'train_cfg.max_epochs': 2,
        'model.exchange_begin': 1.0,  # never
    }
    return {
        'skeletonclr-joint': (
            'skeletonclr/skeletonclr-3m',
            joint,
            {**joint, **best},
        ),
        'skeletonclr-3m': ('skeletonclr/skeletonclr-3m', {}, ensemble),
        'crossclr-3m': ('crossclr/crossclr-3m', {}, {}),
        'ikem-3m': ('ikem/ikem-3m', {}, {}),
        'ikem-6m': ('ikem/ikem-3m', modalities(six), modalities(six)),
        'ikem-3m-implicit': ('ablation/ikem-3m-implicit', {}, {}),
        'distillation-3m': ('distillation/distillation-3m', {}, {}),
        'untrained-3m': ('ikem/ikem-3m', untrained, {}),
        'aimclr-3m': ('aimclr/aimclr-3m', {}, ensemble),
        'aimclr-3m-exchange': ('aimclr/aimclr-3m', exchange, ensemble),
        'actclr-3m': ('actclr/actclr-3m', {}, ensemble),
        'actclr-3m-exchange': (
            'actclr/actclr-3m',
            {**exchange, 'model.exchange_begin': 0.0},
            ensemble,
        ),
        'cpm-3m': ('cpm/cpm-3m', {}, ensemble),
        'cpm-3m-exchange': ('cpm/cpm-3m', exchange, ensemble),
        'pstl-3m': ('pstl/pstl-3m', {}, ensemble),
        # whose losses are hundreds, and an exchange's about ten
        'pstl-3m-exchange': (
            'pstl/pstl-3m',
            {**with_space, 'model.exchange_weight': 10.0},
            ensemble,
        ),
        'hysp-3m': ('hysp/hysp-3m', {}, ensemble),
        'hysp-3m-exchange': ('hysp/hysp-3m', with_space, ensemble),
    }


def pairs(name, config, options, evaluation):
    return {
        f'{name}_{{column}}': dict(config=config, options=options),
        f'{name}_{{column}}_linear': dict(
            config='linear/linear-3m',
            options=evaluation,
            checkpoint_of={'model.pretrained': f'{name}_{{column}}'},
        ),
    }


runs = {}
for name, training in trainings().items():
    runs.update(pairs(name, *training))
runs['distillation-3m_{column}']['checkpoint_of'] = {
    'model.teacher.pretrained': 'ikem-6m_{column}'
}
three = 'joint motion bone'
of_three = {
    **modalities(three),
    'model.teacher.modalities': three.split(),
    'model.neck.out_channels': 384,  # 128 of each
}
for name in (
    'skeletonclr-3m',
    'ikem-3m',
    'aimclr-3m-exchange',
    'actclr-3m-exchange',
    'cpm-3m-exchange',
    'pstl-3m-exchange',
    'hysp-3m-exchange',
):
    student = f'students-of-{name}'
    runs.update(pairs(student, 'distillation/distillation-3m', of_three, {}))
    runs[f'{student}_{{column}}']['checkpoint_of'] = {
        'model.teacher.pretrained': f'{name}_{{column}}'
    }
for name in ('actclr-3m', 'actclr-3m-exchange'):  # after the first phase
    runs[f'{name}_{{column}}']['checkpoint_of'] = {
        'load_from': 'aimclr-3m_{column}'
    }
del name, student, three, of_three, training
