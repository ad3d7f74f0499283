# All of the method in minutes, on the synthetic set and two CPU cores, with the
# configs for small sets, configs/own: SkeletonCLR on three modalities, fine-tuned
# with all labels and with a tenth of them; IKEM on six modalities; the
# distillation into three students; classifiers on frozen encoders. Absent persons
# are left out.
#   bash tools/quickstart.sh
data = {
    'work_dirs/quickstart_data/prepared': 'python '
    'tools/data/make_synthetic.py work_dirs/quickstart_data/raw && python '
    'tools/data/prepare_ntu.py work_dirs/quickstart_data/raw '
    'work_dirs/quickstart_data/prepared --dataset synthetic --num-frames 25'
}


def modalities(names):
    return {'model.data_preprocessor.modalities': names.split()}


def run(config, **options):
    (folder,) = data
    ours = {'model.data_preprocessor.skip_absent': True}
    for name in ('train', 'val', 'test'):
        split = 'xsub_train' if name == 'train' else 'xsub_val'
        ours[f'{name}_dataloader.dataset.data_root'] = folder
        ours[f'{name}_dataloader.dataset.split'] = split
    return dict(
        config='{{ fileDirname }}/../own/' + f'{config}_own.py',
        options={**ours, **options},
    )


def training(name, epochs, **options):
    """In batches of 32, against banks of less than half the clips, by AdamW,
    which learns more in so few epochs."""
    optimizer = 'optim_wrapper.optimizer'
    options = {
        f'{optimizer}._delete_': True,
        f'{optimizer}.type': 'AdamW',
        f'{optimizer}.fused': True,
        f'{optimizer}.lr': 0.001,
        f'{optimizer}.weight_decay': 1e-4,
        'train_dataloader.batch_size': 32,
        'model.bank_size': 256,
        'train_cfg.max_epochs': epochs,
        'train_cfg.val_interval': epochs,
        **options,
    }
    config = f'{name}-3m_stgcn-slim-w8_1xb64-60e'
    return dict(run(config, **options), amp=True)


def linear(pretraining, **options):
    """By a higher learning rate than the recipe's: an epoch has five steps."""
    options = {
        'model.num_classes': 17,
        'optim_wrapper.optimizer.lr': 0.3,
        'train_cfg.val_interval': 100,
        **options,
    }
    return dict(
        run('linear-3m_stgcn-slim-w8_1xb128-100e', **options),
        checkpoint_of={'model.pretrained': pretraining},
    )


def classifier(split, epochs, milestone, **options):
    """All of it trained."""
    options = {
        'model.num_classes': 17,
        'train_cfg.max_epochs': epochs,
        'train_cfg.val_interval': epochs,
        'param_scheduler.0.milestones': [milestone],
        'train_dataloader.dataset.split': split,
        'optim_wrapper.optimizer.lr': 0.03,
        **options,
    }
    config = 'finetune-3m_stgcn-slim-w8_1xb32-40e'
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
all_labels = both('xsub_train', 14, 11)
tenth = both('xsub_train_10pct', 60, 48)
runs = {
    'baselines': dict(baselines=next(iter(data))),
    'skeletonclr-3m': training('skeletonclr', 15),
    'ikem-6m': training(
        'ikem', 12, **modalities(six), **{'model.exchange_begin': 0.5}
    ),
    'scratch': all_labels[1],
    'scratch-10pct': tenth[1],
    # what differs is the training alone: the norm layers see the data, in
    # many small batches, and nothing is learnt
    'untrained-3m': training(
        'ikem',
        1,
        **{
            'optim_wrapper.optimizer.lr': 0,
            'param_scheduler': None,
            'train_dataloader.batch_size': 8,
            'model.exchange_begin': 1.0,  # never
        },
    ),
    'untrained-3m_linear-3m': linear('untrained-3m'),
    # at the recipe's temperature, 0.1, students learn less in so few epochs
    'distillation-3m': dict(
        training('distillation', 12, **{'model.temperature': 0.04}),
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
    'Linear: classifiers on frozen encoders. Joint, 3 and 6 modalities: those '
    'that IKEM trained together in 12 epochs, the teacher. 3 students: '
    'encoders of three modalities that learnt from its six. Untrained: the '
    'norms have seen the clips, nothing was learnt. kNN: the label of the '
    'nearest training clip by the same features. Ridge and nearest neighbour '
    'on 24 frames: of the joints themselves, without an encoder; of clips '
    'that are made from few templates hard to beat.'
)


def trainable(title, suffix, baselines):
    note = (
        'Fine-tuned: encoders of joint, motion and bone, trained from what '
        'SkeletonCLR learnt of all clips without labels in 15 epochs. From '
        'scratch: the same training from random weights. Ridge and nearest '
        'neighbour: of the joints, without an encoder.'
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
