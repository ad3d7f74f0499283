from copy import deepcopy
from itertools import combinations

import pytest
import torch
from commands import free_port, in_ranks
from helpers import HYSP, IKEM_3M, LINEAR, SKELETONCLR_JOINT, read, tiny
from mmaction.registry import HOOKS
from mmengine.runner import EpochBasedTrainLoop, Runner
from torch import distributed


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
        cfg = tiny(SKELETONCLR_JOINT, prepared_ntu, tmp_path / str(seed))
        cfg.randomness.seed = seed
        cfg.train_dataloader.sampler.shuffle = False
        cfg.train_cfg.max_epochs = 2
        views = []
        record_batches(cfg, views).train()
        for epoch in range(2):
            seen[seed, epoch] = torch.stack(views[epoch * 12 :][:12])
    for key, other in combinations(seen, 2):
        different = seen[key] != seen[other]  # (clips, views, M, T, V, C)
        assert different.flatten(2).any(-1).all()


def test_a_resumed_epoch_has_the_views_it_would_have_had(
    prepared_ntu, tmp_path
):
    cfg = tiny(SKELETONCLR_JOINT, prepared_ntu, tmp_path)
    cfg.train_cfg.max_epochs = 2
    cfg.default_hooks.checkpoint.interval = 1
    whole, resumed = [], []
    record_batches(cfg, whole).train()
    cfg.resume, cfg.load_from = True, str(tmp_path / 'epoch_1.pth')
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
    cfg = tiny(SKELETONCLR_JOINT, prepared_ntu, tmp_path / 'a')
    Runner.from_cfg(cfg).train()
    cfg = tiny(LINEAR, prepared_ntu, tmp_path / 'b')
    cfg.load_from = str(tmp_path / 'a/epoch_1.pth')
    with pytest.raises(RuntimeError, match='missing: backbone'):
        Runner.from_cfg(cfg).test()


def stages(cfg):
    """Run a training; the losses that it logged in each epoch, or in each
    iteration of a loop without epochs."""
    runner = Runner.from_cfg(cfg)
    loop = runner.train_loop
    train_step, seen = runner.model.train_step, {}

    def recording(data, optim_wrapper):
        logs = train_step(data, optim_wrapper)
        kinds = {name.split('_')[1] for name in logs if 'loss_' in name}
        by_epoch = isinstance(loop, EpochBasedTrainLoop)
        when = loop.epoch if by_epoch else loop.iter
        seen.setdefault(when, set()).update(kinds)
        return logs

    runner.model.train_step = recording
    runner.train()
    return seen


ALONE = {'joint', 'motion', 'bone'}
EXCHANGE = {'explicit', 'implicit'}


@pytest.fixture
def ikem(prepared_ntu, tmp_path):
    cfg = tiny(IKEM_3M, prepared_ntu, tmp_path)
    cfg.default_hooks.checkpoint.update(interval=1, max_keep_ckpts=-1)
    return cfg


def resumed_stages(cfg, checkpoint):
    """Stages of the rest of a training, in a folder of its own."""
    cfg = deepcopy(cfg)
    cfg.resume, cfg.load_from = True, f'{cfg.work_dir}/{checkpoint}.pth'
    cfg.work_dir += f'/{checkpoint}'
    return stages(cfg)


@pytest.mark.parametrize('begin', [0.5, 2])
def test_the_stage_follows_from_the_epoch(begin, ikem):
    """Also after a resume, on either side of the switch."""
    ikem.train_cfg.max_epochs = 4
    ikem.model.exchange_begin = begin
    whole = stages(ikem)
    assert whole == {0: ALONE, 1: ALONE, 2: EXCHANGE, 3: EXCHANGE}
    for epoch in (1, 2, 3):
        rest = {e: whole[e] for e in range(epoch, 4)}
        assert resumed_stages(ikem, f'epoch_{epoch}') == rest


@pytest.mark.parametrize('begin', [0.5, 1])  # of two epochs of 3 iterations
def test_the_stage_of_a_training_by_iterations(begin, ikem):
    ikem.model.exchange_begin = begin
    ikem.train_cfg = dict(type='IterBasedTrainLoop', max_iters=6)
    ikem.val_cfg = ikem.val_dataloader = ikem.val_evaluator = None
    endless = dict(type='InfiniteSampler', shuffle=True)
    ikem.train_dataloader.sampler = endless
    ikem.param_scheduler = None
    ikem.log_processor.by_epoch = False
    ikem.default_hooks.checkpoint.update(interval=2, by_epoch=False)
    whole = stages(ikem)
    assert whole == {
        **dict.fromkeys(range(3), ALONE),
        **dict.fromkeys(range(3, 6), EXCHANGE),
    }
    for done in (2, 4):
        rest = {i: whole[i] for i in range(done, 6)}
        assert resumed_stages(ikem, f'iter_{done}') == rest


def test_the_stage_as_older_configs_say_it(ikem):
    ikem.model.exchange_begin = 0.0
    ikem.train_cfg.max_epochs = 2
    ikem.custom_hooks = [dict(type='ExchangeStageHook', begin=1)]
    assert stages(ikem) == {0: ALONE, 1: EXCHANGE}


@pytest.mark.parametrize('path', [IKEM_3M, HYSP])
def test_losses_of_the_first_stage_alone_leave_the_log(
    path, prepared_ntu, tmp_path
):
    """Of IKEM contrast; of HYSP that of the exchange's own space."""
    cfg = read(path)
    cfg.model.update(cfg.get('exchange', {}))
    cfg.model.exchange_begin = 1
    cfg.find_unused_parameters = True
    cfg = tiny(cfg, prepared_ntu, tmp_path)
    cfg.train_cfg.max_epochs = 2
    runner = Runner.from_cfg(cfg)
    train_step, last = runner.model.train_step, {}

    def recording(data, optim_wrapper):
        last.clear()
        last.update(train_step(data, optim_wrapper))
        return dict(last)

    runner.model.train_step = recording
    runner.train()
    scalars = runner.message_hub.log_scalars
    logged = {x for x in scalars if x.startswith('train/loss')}
    assert logged == {f'train/{x}' for x in last if x.startswith('loss')}


def log_of(cfg):
    """Run a training; the text that it logged."""
    runner = Runner.from_cfg(cfg)
    runner.train()
    name = f'{runner.timestamp}/{runner.timestamp}.log'
    with open(f'{cfg.work_dir}/{name}') as file:
        return file.read()


@pytest.mark.parametrize('begin', [1, 0])  # of one epoch
def test_an_exchange_after_the_end_is_warned_of(begin, ikem):
    ikem.model.exchange_begin = begin
    warnings = log_of(ikem).split('WARNING')[1:]
    assert any('exchange_begin' in text for text in warnings) == bool(begin)


def test_a_model_without_exchange_says_nothing_of_one(prepared_ntu, tmp_path):
    cfg = tiny(SKELETONCLR_JOINT, prepared_ntu, tmp_path)
    cfg.log_level = 'INFO'
    text = log_of(cfg)
    assert 'Epoch(train)' in text
    assert 'exchange knowledge' not in text


def average_norms(rank, ranks, port, folder):
    """A rank whose statistics are 0.1 and its number."""
    distributed.init_process_group(
        'gloo', f'tcp://127.0.0.1:{port}', rank=rank, world_size=ranks
    )
    model = torch.nn.Sequential(
        torch.nn.BatchNorm1d(2), torch.nn.BatchNorm1d(2).eval()
    )
    for norm in model:
        norm.running_mean.copy_(torch.tensor([0.1, rank]))
    hook = HOOKS.build(dict(type='SyncNormStatsHook'))
    hook.after_train_epoch(OtherRunner(model))
    torch.save(model.state_dict(), folder / f'{rank}.pth')
    distributed.destroy_process_group()


def test_norm_statistics_of_frozen_encoders_are_left_alone(tmp_path):
    """The mean over 3 ranks of equal numbers is another number."""
    in_ranks(3, average_norms, free_port(), tmp_path)
    for rank in range(3):
        state = torch.load(tmp_path / f'{rank}.pth')
        torch.testing.assert_close(
            state['0.running_mean'], torch.tensor([0.1, 1.0])
        )
        expected = torch.tensor([0.1, rank])
        assert torch.equal(state['1.running_mean'], expected)
