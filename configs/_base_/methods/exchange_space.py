# Exchanges on top of a method without a bank: `model = _base_.exchange` adds them
# to its losses in the second half, `_base_.small_exchange` those of small sets.
exchange = dict(
    exchanges=[dict(type='ExplicitExchange'), dict(type='ImplicitExchange')],
    exchange_begin=0.5,
    exchange_space=dict(
        neck=dict(type='MLPProjector', hid_channels=256, out_channels=128),
        bank_size=32768,
        momentum=0.999,
    ),
)
small_exchange = dict(
    exchange,
    exchange_space=dict(
        exchange['exchange_space'], bank_size=1024, momentum=0.99
    ),
)
