from .dataset_epoch_hook import DatasetEpochHook
from .strict_load_hook import StrictLoadHook
from .sync_norm_stats_hook import SyncNormStatsHook

__all__ = ['DatasetEpochHook', 'StrictLoadHook', 'SyncNormStatsHook']
