from .data_check_hook import DataCheckHook
from .dataset_epoch_hook import DatasetEpochHook
from .exchange_stage_hook import ExchangeStageHook
from .log_clips_hook import LogClipsHook
from .strict_load_hook import StrictLoadHook
from .sync_norm_stats_hook import SyncNormStatsHook

__all__ = [
    'DataCheckHook',
    'DatasetEpochHook',
    'ExchangeStageHook',
    'LogClipsHook',
    'StrictLoadHook',
    'SyncNormStatsHook',
]
