import pytest
import torch
from helpers import CONFIGS, tiny
from mmaction.registry import HOOKS
from mmengine.config import Config
from mmengine.runner import Runner

IKEM = 'ikem/ikem-6m_stgcn-slim_1xb128-300e_ntu60-xsub.py'
PRETRAINING = (
    'skeletonclr/skeletonclr-joint_stgcn-slim_1xb128-300e_ntu60-xsub.py'
)
LINEAR = 'linear/linear-joint_stgcn-slim_1xb128-100e_ntu60-xsub.py'


def config(path, data_root, work_dir):
    return tiny(Config.fromfile(CONFIGS / path), data_root, work_dir)


def record_batches(cfg, views):
    """Let a runner of the config keep the views it trains on."""
    runner = Runner.from_cfg(cfg)
    train_step = runner.model.train_step

    def recording(data, optim_wrapper):
        views.extend(x.clone() for x in data['inputs'])
        return train_step(data, optim_wrapper)

    runner.model.train_step = recording
    return runner


def test_epochs_and_seeds_have_views_of_their_own(prepared_ntu, tmp_path):
    seen = {}
    for seed in (0, 1):
        cfg = config(PRETRAINING, prepared_ntu, tmp_path / str(seed))
        cfg.randomness.seed = seed
        cfg.train_dataloader.sampler.shuffle = False
        cfg.train_cfg.max_epochs = 2
        views = []
        record_batches(cfg, views).train()
        for epoch in range(2):
            seen[seed, epoch] = torch.stack(views[epoch * 12 :][:12])
    keys = list(seen)
    for i, key in enumerate(keys):
        for other in keys[:i]:
            different = seen[key] != seen[other]  # (clips, views, M, T, V, C)
            assert different.flatten(2).any(-1).all()


def test_a_resumed_epoch_has_the_views_it_would_have_had(
    prepared_ntu, tmp_path
):
    cfg = config(PRETRAINING, prepared_ntu, tmp_path / 'whole')
    cfg.train_cfg.max_epochs = 2
    cfg.default_hooks.checkpoint.interval = 1
    whole = []
    record_batches(cfg, whole).train()

    cfg = config(PRETRAINING, prepared_ntu, tmp_path / 'resumed')
    cfg.train_cfg.max_epochs = 2
    cfg.resume, cfg.load_from = True, str(tmp_path / 'whole/epoch_1.pth')
    resumed = []
    record_batches(cfg, resumed).train()
    assert torch.equal(torch.stack(whole[12:]), torch.stack(resumed))


class OtherRunner:
    """What hooks ask a runner for."""

    def __init__(self, model, train_loop=None, resume=False):
        self.model, self._train_loop, self._resume = model, train_loop, resume


LINEAR_LAYER = torch.nn.Linear(2, 3)
STATE = LINEAR_LAYER.state_dict()


@pytest.mark.parametrize(
    'state, message',
    [
        (dict(weight=STATE['weight']), 'missing: bias'),
        (dict(STATE, extra=STATE['bias']), 'left over: extra'),
        (dict(STATE, weight=STATE['bias']), 'of another shape: weight'),
    ],
)
def test_a_checkpoint_that_does_not_fit_is_refused(state, message):
    hook = HOOKS.build(dict(type='StrictLoadHook'))
    checkpoint = dict(state_dict={f'module.{k}': v for k, v in state.items()})
    with pytest.raises(RuntimeError, match=message):
        hook.after_load_checkpoint(OtherRunner(LINEAR_LAYER), checkpoint)


def test_testing_with_the_wrong_checkpoint(prepared_ntu, tmp_path):
    """A pre-training's checkpoint has no heads to be tested."""
    cfg = config(PRETRAINING, prepared_ntu, tmp_path / 'a')
    Runner.from_cfg(cfg).train()
    cfg = config(LINEAR, prepared_ntu, tmp_path / 'b')
    cfg.load_from = str(tmp_path / 'a/epoch_1.pth')
    with pytest.raises(RuntimeError, match='missing: backbone.* more; left'):
        Runner.from_cfg(cfg).test()


def stages(cfg):
    """Run a training; what losses it logged in each epoch."""
    runner = Runner.from_cfg(cfg)
    train_step, seen = runner.model.train_step, {}

    def recording(data, optim_wrapper):
        logs = train_step(data, optim_wrapper)
        kinds = {name.split('_')[1] for name in logs if 'loss_' in name}
        seen.setdefault(runner.epoch, set()).update(kinds)
        return logs

    runner.model.train_step = recording
    runner.train()
    return seen


def test_the_stage_follows_from_the_epoch(prepared_ntu, tmp_path):
    """Also after a resume, on either side of the switch."""

    def ikem(name):
        cfg = config(IKEM, prepared_ntu, tmp_path / name)
        cfg.train_cfg.max_epochs = 4
        cfg.custom_hooks[0].begin = 2
        cfg.default_hooks.checkpoint.update(interval=1, max_keep_ckpts=-1)
        return cfg

    alone = {'joint', 'motion', 'bone', 'acceleration', 'rotation', 'angular'}
    exchange = {'explicit', 'implicit'}
    whole = stages(ikem('whole'))
    assert whole == {0: alone, 1: alone, 2: exchange, 3: exchange}
    for epoch in (1, 2, 3):
        cfg = ikem(f'resumed{epoch}')
        cfg.resume = True
        cfg.load_from = str(tmp_path / f'whole/epoch_{epoch}.pth')
        assert stages(cfg) == {e: whole[e] for e in range(epoch, 4)}


def test_norm_statistics_of_frozen_encoders_are_left_alone(monkeypatch):
    """The mean over 3 ranks of equal numbers is another number."""
    module = 'projects.ikem.engine.hooks.sync_norm_stats_hook'
    reduced = []
    monkeypatch.setattr(f'{module}.is_distributed', lambda: True)
    monkeypatch.setattr(
        f'{module}.all_reduce', lambda x, op: reduced.append(x)
    )
    model = torch.nn.Sequential(
        torch.nn.BatchNorm1d(2), torch.nn.BatchNorm1d(2).eval()
    )
    hook = HOOKS.build(dict(type='SyncNormStatsHook'))
    hook.after_train_epoch(OtherRunner(model))
    assert [id(x) for x in reduced] == [
        id(model[0].running_mean),
        id(model[0].running_var),
    ]
