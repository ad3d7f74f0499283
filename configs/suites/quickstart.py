# All of the method in minutes, on the synthetic set and two CPU cores: SkeletonCLR
# on three modalities, fine-tuned with all labels and with a tenth of them; IKEM on
# six modalities; the distillation into three students; classifiers on frozen
# encoders. Absent persons are left out.
#   bash tools/quickstart.sh
data = {
    'work_dirs/quickstart_data/prepared': 'python '
    'tools/data/make_synthetic.py work_dirs/quickstart_data/raw; python '
    'tools/data/prepare_ntu.py work_dirs/quickstart_data/raw '
    'work_dirs/quickstart_data/prepared --dataset synthetic --num-frames 25'
}


def modalities(names):
    return {'model.data_preprocessor.modalities': names.split()}


def run(config, **options):
    (folder,) = data
    loaders = {
        f'{name}_dataloader.dataset.data_root': folder
        for name in ('train', 'val', 'test')
    }
    return dict(
        config='{{ fileDirname }}/../' + config + '_synthetic-xsub.py',
        options={
            'model.data_preprocessor.skip_absent': True,
            **loaders,
            **options,
        },
    )


def schedule(epochs, milestone):
    return {
        'train_cfg.max_epochs': epochs,
        'param_scheduler.0.milestones': [milestone],
    }


def training(name, **options):
    config = f'{name}/{name}-3m_stgcn-slim-w8_1xb32-30e'
    return dict(run(config, **options), amp=True)


def linear(pretraining, **options):
    config = 'linear/linear-3m_stgcn-slim-w8_1xb64-100e'
    interval = {'train_cfg.val_interval': 10}
    return dict(
        run(config, **interval, **options),
        checkpoint_of={'model.pretrained': pretraining},
    )


def classifier(split, epochs, milestone, **options):
    """All of it trained, in batches of 32."""
    config = 'finetune/finetune-3m_stgcn-slim-w8_1xb64-100e'
    options = {
        **schedule(epochs, milestone),
        'train_cfg.val_interval': epochs,
        'train_dataloader.dataset.split': split,
        'train_dataloader.batch_size': 32,
        'optim_wrapper.optimizer.lr': 0.03,
        **options,
    }
    return dict(run(config, **options), amp=True)


def both(split, epochs, milestone):
    """The same training, from a pre-training and from scratch."""
    finetuned = classifier(split, epochs, milestone)
    return (
        dict(
            finetuned,
            checkpoint_of={'model.pretrained': 'skeletonclr-3m'},
        ),
        classifier(split, epochs, milestone, **{'model.pretrained': None}),
    )


six = 'joint motion bone acceleration rotation_axis angular_velocity'
all_labels = both('xsub_train', 24, 19)
tenth = both('xsub_train_10pct', 100, 80)
runs = {
    'baselines': dict(baselines=next(iter(data))),
    'skeletonclr-3m': training('skeletonclr', **schedule(20, 17)),
    'ikem-6m': training('ikem', **modalities(six), **schedule(12, 10)),
    'scratch': all_labels[1],
    'scratch-10pct': tenth[1],
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
    'untrained-3m_linear-3m': linear('untrained-3m'),
    'distillation-3m': dict(
        training(
            'distillation',
            **schedule(14, 11),
            **{'optim_wrapper.optimizer.lr': 0.02},
        ),
        checkpoint_of={'model.teacher.pretrained': 'ikem-6m'},
    ),
    'finetuned': all_labels[0],
    'finetuned-10pct': tenth[0],
    'ikem-6m_linear-6m': linear('ikem-6m', **modalities(six)),
    'ikem-6m_linear-3m': linear('ikem-6m'),
    'distillation-3m_linear-3m': linear('distillation-3m'),
}


def rows(*cells):
    return [dict(zip(('title', 'run', 'metric'), cell)) for cell in cells]


frozen = (
    'Frozen encoders: linear classifiers on one, three and six modalities of '
    'one pre-training, on its three students, and on encoders that learnt '
    'nothing; kNN is the nearest neighbour by the same features, no label '
    'being trained on. Ridge and nearest neighbour on 24 frames are of the '
    'joints themselves, and of clips that are made from few templates hard '
    'to beat.'
)


def trainable(title, suffix, baselines):
    note = (
        'Encoders of joint, motion and bone, trained with labels: once from a '
        'pre-training (SkeletonCLR, 20 epochs) that saw none, once from random '
        'weights, all else being equal; and what needs no encoder.'
    )
    finetuned, metric = 'fine-tuned from the pre-training', 'acc/fused_top1'
    return dict(
        title=f'Synthetic skeletons, {title}',
        columns=['xsub'],
        best=False,
        note=note,
        rows=rows(
            (finetuned, f'finetuned{suffix}', metric),
            ('from scratch', f'scratch{suffix}', metric),
            ('ridge on 24 frames', 'baselines', f'{baselines}/ridge'),
            (
                'nearest neighbour on 24 frames',
                'baselines',
                f'{baselines}/nn1',
            ),
        ),
    )


tables = {
    'finetuned': trainable('all 612 labels', '', '{column}'),
    'finetuned_10pct': trainable(
        '68 labels, a tenth', '-10pct', '{column}_10pct'
    ),
    'frozen': dict(
        title='Synthetic skeletons, frozen encoders',
        columns=['xsub'],
        best=False,
        note=frozen,
        rows=rows(
            ('linear, joint', 'ikem-6m_linear-6m', 'acc/joint_top1'),
            (
                'linear, 3 modalities of the 6',
                'ikem-6m_linear-3m',
                'acc/fused_top1',
            ),
            (
                'linear, 6 modalities, the teacher',
                'ikem-6m_linear-6m',
                'acc/fused_top1',
            ),
            (
                'linear, 3 students of the teacher',
                'distillation-3m_linear-3m',
                'acc/fused_top1',
            ),
            (
                'linear, 3 modalities, untrained',
                'untrained-3m_linear-3m',
                'acc/fused_top1',
            ),
            ('kNN, joint', 'ikem-6m', 'acc/joint_knn1_top1'),
            ('kNN, 6 modalities', 'ikem-6m', 'acc/fused_knn1_top1'),
            (
                'kNN, 3 students',
                'distillation-3m',
                'acc/fused_knn1_top1',
            ),
            (
                'kNN, 3 modalities, untrained',
                'untrained-3m',
                'acc/fused_knn1_top1',
            ),
            ('ridge on 24 frames', 'baselines', '{column}/ridge'),
            ('nearest neighbour on 24 frames', 'baselines', '{column}/nn1'),
        ),
    ),
}
del six, all_labels, tenth, frozen
