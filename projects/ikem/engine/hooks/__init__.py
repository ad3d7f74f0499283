from .dataset_epoch_hook import DatasetEpochHook
from .exchange_stage_hook import ExchangeStageHook
from .strict_load_hook import StrictLoadHook
from .sync_norm_stats_hook import SyncNormStatsHook

__all__ = [
    'DatasetEpochHook',
    'ExchangeStageHook',
    'StrictLoadHook',
    'SyncNormStatsHook',
]
