# Pre-training on NTU RGB+D: two augmented views per clip, SGD, 300 epochs,
# learning rate x0.1 after 250; every 10 epochs the nearest neighbours of
# held-out clips among the training clips, as of any checkpoint.
_base_ = '../default_runtime.py'

two_views = dict(
    batch_size=128,
    drop_last=True,
    collate_fn=dict(type='stack_collate'),
    dataset=dict(
        unlabelled=True,
        pipeline=[
            dict(
                type='MultiView',
                num_views=2,
                transforms=[
                    dict(type='RandomTemporalCrop', ratio=6),
                    dict(type='RandomShear', amplitude=0.5),
                ],
            ),
            dict(type='PackSkeleton'),
        ],
    ),
)
optim_wrapper = dict(
    type='OptimWrapper',
    optimizer=dict(type='SGD', lr=0.1, momentum=0.9, weight_decay=1e-4),
)
param_scheduler = [
    dict(type='MultiStepLR', by_epoch=True, milestones=[250], gamma=0.1)
]
train_cfg = dict(type='EpochBasedTrainLoop', max_epochs=300, val_interval=10)
val_cfg = dict(type='KNNValLoop', k=(1, 20))
test_cfg = dict(type='KNNTestLoop', k=(1, 20))
# 'gpu' means collecting through torch.distributed (gloo on CPUs)
val_evaluator = dict(
    type='AccMetric',
    metric_list='top_k_accuracy',
    metric_options=dict(top_k_accuracy=dict(topk=1)),
    collect_device='gpu',
)
test_evaluator = val_evaluator
auto_scale_lr = dict(enable=False, base_batch_size=128)
