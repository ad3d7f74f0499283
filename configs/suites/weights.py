# The weights that come with the package (projects/ikem/weights): what the quickstart
# fine-tunes, of three modalities, after 30 epochs, and with absent persons, so that
# the configs take them as they are.
#   python tools/reproduce.py weights --seeds 0
_base_ = './quickstart.py'

pretrained = _base_.runs['skeletonclr-joint']
finetuned = _base_.runs['finetuned']
three = {
    'model.data_preprocessor.modalities': ['joint', 'motion', 'bone'],
    'model.data_preprocessor.skip_absent': False,
}
full = {'train_cfg.max_epochs': 30, 'param_scheduler.0.milestones': [26]}
fused = {'default_hooks.checkpoint.save_best': 'acc/fused_top1'}
runs = {
    'skeletonclr-3m': dict(
        pretrained, options={**pretrained.options, **three, **full}
    ),
    'finetuned-3m': dict(
        finetuned,
        options={**finetuned.options, **three, **fused},
        checkpoint_of={'model.pretrained': 'skeletonclr-3m'},
    ),
}
tables = dict(
    _delete_=True,
    weights=dict(
        title='Synthetic skeletons, three modalities, all labels',
        columns=['xsub'],
        rows=[
            *(
                dict(
                    title=name,
                    run='finetuned-3m',
                    metric=f'acc/{name}_top1',
                )
                for name in ('joint', 'motion', 'bone', 'fused')
            ),
            *_base_.tables['finetuned'].rows[-2:],
        ],
    ),
)
del pretrained, finetuned, three, full, fused
