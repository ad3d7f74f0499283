# The weights that come with the package (projects/ikem/weights): the
# pre-training of the quickstart, its encoders of joint, motion and bone fine-tuned,
# with absent persons, so that the configs take them as they are.
#   python tools/reproduce.py weights --seeds 0
_base_ = './quickstart.py'

finetuned = _base_.runs['finetuned']
runs = {
    'finetuned-3m': dict(
        finetuned,
        options={
            **finetuned.options,
            'model.data_preprocessor.modalities': ['joint', 'motion', 'bone'],
            'model.data_preprocessor.skip_absent': False,
            'default_hooks.checkpoint.save_best': 'acc/fused_top1',
        },
    )
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
del finetuned
