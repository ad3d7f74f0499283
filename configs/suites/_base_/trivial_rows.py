# Untrained baselines for the small data sets: randomly initialised encoders,
# and classifiers on the joints themselves.
_base_ = './tables.py'

trivial = {
    'untrained encoders, fused': dict(
        run='untrained-3m_{column}_linear', metric='acc/fused_top1'
    ),
    'ridge on 24 frames': dict(run='baselines', metric='{column}/ridge'),
    'nearest neighbour on 24 frames': dict(
        run='baselines', metric='{column}/nn1'
    ),
}
tables = {'1b': dict(rows=trivial), '1d': dict(rows=trivial)}
del trivial
