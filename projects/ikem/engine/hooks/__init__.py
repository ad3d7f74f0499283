from .baseline_hook import BaselineHook
from .data_check_hook import DataCheckHook
from .dataset_epoch_hook import DatasetEpochHook
from .exchange_stage_hook import ExchangeStageHook
from .gathered_info_hook import GatheredInfoHook
from .keep_memory_hook import KeepMemoryHook, keep_freed_memory
from .log_clips_hook import LogClipsHook
from .progress_hook import ProgressHook
from .reseed_hook import ReseedHook
from .resume_hook import ResumeHook
from .strict_load_hook import StrictLoadHook
from .sync_norm_stats_hook import SyncNormStatsHook
from .training_health_hook import TrainingHealthHook

__all__ = [
    'BaselineHook',
    'DataCheckHook',
    'DatasetEpochHook',
    'ExchangeStageHook',
    'GatheredInfoHook',
    'KeepMemoryHook',
    'LogClipsHook',
    'ProgressHook',
    'ReseedHook',
    'ResumeHook',
    'StrictLoadHook',
    'SyncNormStatsHook',
    'TrainingHealthHook',
    'keep_freed_memory',
]
