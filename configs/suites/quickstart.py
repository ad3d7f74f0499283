# All of the method in minutes, on the synthetic set and two CPU cores: IKEM on
# six modalities, their distillation into three students, linear evaluation.
#   bash tools/quickstart.sh
data = {
    'work_dirs/quickstart_data/prepared': 'python '
    'tools/data/make_synthetic.py work_dirs/quickstart_data/raw; python '
    'tools/data/prepare_ntu.py work_dirs/quickstart_data/raw '
    'work_dirs/quickstart_data/prepared --dataset synthetic --num-frames 25'
}


def six():
    names = 'joint motion bone acceleration rotation_axis angular_velocity'
    return {'model.data_preprocessor.modalities': names.split()}


def loaders(*names):
    (folder,) = data
    return {f'{name}_dataloader.dataset.data_root': folder for name in names}


def training(name, **options):
    return dict(
        config='{{ fileDirname }}/../'
        f'{name}/{name}-3m_stgcn-slim-w8_1xb32-30e_synthetic-xsub.py',
        options={**loaders('train'), **options},
        amp=True,
    )


def linear(run, **options):
    return dict(
        config='{{ fileDirname }}/../linear/linear-3m_stgcn-slim-w8_1xb64-100e_synthetic-xsub.py',
        options={
            'train_cfg.val_interval': 10,
            **loaders('train', 'val', 'test'),
            **options,
        },
        checkpoint_of={'model.pretrained': run},
    )


runs = {
    'baselines': dict(baselines=next(iter(data))),
    'ikem-6m': training(
        'ikem',
        **six(),
        **{'train_cfg.max_epochs': 12, 'param_scheduler.0.milestones': [10]},
    ),
    'distillation-3m': dict(
        training(
            'distillation',
            **{
                'train_cfg.max_epochs': 18,
                'param_scheduler.0.milestones': [14],
                'optim_wrapper.optimizer.lr': 0.02,
            },
        ),
        checkpoint_of={'model.teacher.pretrained': 'ikem-6m'},
    ),
    # what differs is the training alone: the norm layers see the data, in
    # many small batches, and nothing is learnt
    'untrained-3m': training(
        'ikem',
        **{
            'optim_wrapper.optimizer.lr': 0,
            'train_dataloader.batch_size': 8,
            'train_cfg.max_epochs': 2,
            'model.exchange_begin': 1.0,  # never
        },
    ),
    'ikem-6m_linear-6m': linear('ikem-6m', **six()),
    'ikem-6m_linear-3m': linear('ikem-6m'),
    'distillation-3m_linear-3m': linear('distillation-3m'),
    'untrained-3m_linear-3m': linear('untrained-3m'),
}
rows = [
    ('joint', 'ikem-6m_linear-6m', 'acc/joint_top1'),
    ('motion', 'ikem-6m_linear-6m', 'acc/motion_top1'),
    ('bone', 'ikem-6m_linear-6m', 'acc/bone_top1'),
    (
        '3m: joint, motion, bone of the six',
        'ikem-6m_linear-3m',
        'acc/fused_top1',
    ),
    ('6m: all six, the teacher', 'ikem-6m_linear-6m', 'acc/fused_top1'),
    (
        'student: joint, motion, bone',
        'distillation-3m_linear-3m',
        'acc/fused_top1',
    ),
    ('untrained joint', 'untrained-3m_linear-3m', 'acc/joint_top1'),
    ('untrained motion', 'untrained-3m_linear-3m', 'acc/motion_top1'),
    ('untrained bone', 'untrained-3m_linear-3m', 'acc/bone_top1'),
    ('untrained 3m', 'untrained-3m_linear-3m', 'acc/fused_top1'),
    ('ridge on 24 frames', 'baselines', '{column}/ridge'),
    ('nearest neighbour on 24 frames', 'baselines', '{column}/nn1'),
]
tables = dict(
    quickstart=dict(
        title='Synthetic skeletons, linear evaluation',
        columns=['xsub'],
        rows=[dict(zip(('title', 'run', 'metric'), row)) for row in rows],
    )
)
del rows
