# The weights that come with the package (projects/ikem/weights): SkeletonCLR on
# joint, motion and bone of the quickstart's data, fine-tuned.
#   python tools/reproduce.py weights --seeds 0
_base_ = './quickstart.py'


def run(config, *loaders, **options):
    (folder,) = _base_.data
    for name in loaders:
        options[f'{name}_dataloader.dataset.data_root'] = folder
    config = '{{ fileDirname }}/../' + config + '_synthetic-xsub.py'
    return dict(config=config, options=options, amp=True)


finetuned = {
    'train_cfg.max_epochs': 24,
    'train_cfg.val_interval': 24,
    'param_scheduler.0.milestones': [19],
    'train_dataloader.batch_size': 32,
    'optim_wrapper.optimizer.lr': 0.03,
}
runs = {
    '_delete_': True,
    'baselines': _base_.runs['baselines'],
    'skeletonclr-3m': run(
        'skeletonclr/skeletonclr-3m_stgcn-slim-w8_1xb32-30e', 'train'
    ),
    'finetuned-3m': dict(
        run(
            'finetune/finetune-3m_stgcn-slim-w8_1xb64-100e',
            *('train', 'val', 'test'),
            **finetuned,
        ),
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
del finetuned
