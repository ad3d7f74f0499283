# The recipe for small sets, some hundred to some thousand clips: a warm-up, then a
# cosine, which ends where the training does. docs/results.md has what it was
# found by.
_base_ = './pretrain_300e.py'

two_views = dict(batch_size=64)
optim_wrapper = dict(optimizer=dict(lr=0.01))
param_scheduler = [
    dict(
        type='LinearLR',
        begin=0,
        end=2,
        start_factor=0.1,
        by_epoch=True,
        convert_to_iter_based=True,
    ),
    dict(
        type='CosineAnnealingLR',
        begin=2,
        by_epoch=True,
        convert_to_iter_based=True,
    ),
]
train_cfg = dict(max_epochs=60)
auto_scale_lr = dict(base_batch_size=64)
