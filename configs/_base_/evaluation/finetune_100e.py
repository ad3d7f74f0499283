# Fine-tuning of encoders and heads: training clips augmented as one view of
# the pre-training, SGD, 100 epochs, learning rate 0.1, x0.1 after 80.
_base_ = './linear_100e.py'

model = dict(frozen=False)
one_view = dict(
    dataset=dict(
        pipeline=[
            dict(type='RandomTemporalCrop', ratio=6),
            dict(type='RandomShear', amplitude=0.5),
            dict(type='PackSkeleton'),
        ]
    )
)
optim_wrapper = dict(optimizer=dict(lr=0.1, weight_decay=1e-4))
train_cfg = dict(type='EpochBasedTrainLoop')
