# Untrained baselines for the small data sets: randomly initialised encoders,
# and classifiers on the joints themselves.
_base_ = './tables.py'

trivial = [
    dict(
        title='untrained encoders, fused',
        run='untrained-3m_{column}_linear',
        metric='acc/fused_top1',
    ),
    dict(title='ridge on 24 frames', run='baselines', metric='{column}/ridge'),
    dict(
        title='nearest neighbour on 24 frames',
        run='baselines',
        metric='{column}/nn1',
    ),
]
tables = {
    table: dict(rows=[*_base_.tables[table].rows, *trivial])
    for table in ('1b', '1d', '1d+')
}
del trivial
