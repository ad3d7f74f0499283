# What all configs of this project share. It rests on nothing outside, so that
# the train.py of another project can load configs that inherit from it.
custom_imports = dict(imports=['projects.ikem'], allow_failed_imports=False)
default_scope = 'mmaction'

default_hooks = dict(
    runtime_info=dict(type='GatheredInfoHook'),
    timer=dict(type='IterTimerHook'),
    logger=dict(type='LoggerHook', interval=50, ignore_last=False),
    param_scheduler=dict(type='ParamSchedulerHook'),
    # two are kept, since the old one is deleted before the new one is written
    checkpoint=dict(
        type='CheckpointHook',
        interval=10,
        max_keep_ckpts=2,
        backend_args=dict(backend='AtomicLocalBackend'),
    ),
    progress=dict(type='ProgressHook'),
    sampler_seed=dict(type='DistSamplerSeedHook'),
    dataset_epoch=dict(type='DatasetEpochHook'),
    sync_norm_stats=dict(type='SyncNormStatsHook'),
    strict_load=dict(type='StrictLoadHook'),
    keep_memory=dict(type='KeepMemoryHook'),
    data_check=dict(type='DataCheckHook'),
    reseed=dict(type='ReseedHook'),
    resume=dict(type='ResumeHook'),
    training_health=dict(type='TrainingHealthHook'),
    baselines=dict(type='BaselineHook'),
)

env_cfg = dict(
    cudnn_benchmark=True,
    mp_cfg=dict(mp_start_method='fork', opencv_num_threads=0),
    dist_cfg=dict(backend='nccl'),
)  # gloo where there is no GPU

log_processor = dict(type='LogProcessor', window_size=50, by_epoch=True)
vis_backends = [dict(type='LocalVisBackend')]
visualizer = dict(type='ActionVisualizer', vis_backends=vis_backends)
log_level = 'INFO'

randomness = dict(seed=0)
load_from = None
resume = False
