# The recipe of the quickstart at full length, for the weights that come with
# the package (projects/ikem/weights).
#   python tools/reproduce.py weights --seeds 0
_base_ = './quickstart.py'

full = {'train_cfg.max_epochs': 30, 'param_scheduler.0.milestones': [26]}
runs = {
    'ikem-6m': dict(options=full),
    'distillation-3m': dict(options=full),
}
tables = dict(
    quickstart=dict(
        title='Synthetic skeletons, linear evaluation, full length',
        rows=[
            dict(title=title, run=run, metric=metric)
            for title, run, metric in [
                *(
                    (
                        f'student {u}',
                        'distillation-3m_linear-3m',
                        f'acc/{u}_top1',
                    )
                    for u in ('joint', 'motion', 'bone')
                ),
                (
                    'students, fused',
                    'distillation-3m_linear-3m',
                    'acc/fused_top1',
                ),
                (
                    '3m of the six, fused',
                    'ikem-6m_linear-3m',
                    'acc/fused_top1',
                ),
                ('ridge on 24 frames', 'baselines', '{column}/ridge'),
                (
                    'nearest neighbour on 24 frames',
                    'baselines',
                    '{column}/nn1',
                ),
            ]
        ],
    )
)
del full
