# Pre-training in two stages of 150 epochs: each modality alone, then with
# exchange between the modalities.
_base_ = './pretrain_300e.py'

custom_hooks = [dict(type='ExchangeStageHook', begin=150)]
# the exchange's projectors are idle in the first stage
find_unused_parameters = True
