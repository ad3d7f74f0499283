import pytest
import torch
from helpers import HYSP, SKELETONCLR, tiny
from mmengine.runner import Runner


@pytest.fixture
def cfg(prepared_ntu, tmp_path):
    cfg = tiny(SKELETONCLR, prepared_ntu, tmp_path)
    cfg.experiment_name = str(tmp_path)  # whose log is its own
    cfg.val_cfg = cfg.val_dataloader = cfg.val_evaluator = None
    cfg.train_cfg.max_epochs = 3
    cfg.default_hooks.checkpoint.interval = 1
    return cfg


def spoil(runner, iteration, how):
    """Let a training go wrong after an iteration of its second epoch."""
    train_step, steps = runner.model.train_step, []

    def spoiled(data, optim_wrapper):
        steps.append(data)
        if len(steps) == iteration:
            how(runner.model)
        return train_step(data, optim_wrapper)

    runner.model.train_step = spoiled
    return steps


@torch.no_grad()
def spoil_encoder(model):
    model.query['motion'].neck.mlp[0].weight[0, 0] = float('nan')


def test_a_loss_that_is_not_finite(cfg, tmp_path):
    runner = Runner.from_cfg(cfg)
    batches = spoil(runner, 5, spoil_encoder)
    with pytest.raises(FloatingPointError) as error:
        runner.train()
    message = str(error.value)
    assert message.startswith(
        'loss_motion is nan in epoch 2, iteration 5, rank 0'
    )
    assert 'last good checkpoint is ' in message
    assert 'epoch_1.pth. The' in message
    names = ', '.join(batches[4]['data_samples']['frame_dir'])
    assert message.endswith(f'The clips are {names}')
    assert [p.name for p in tmp_path.glob('epoch_*')] == ['epoch_1.pth']


@torch.no_grad()
def spoil_bank(model):
    """The last iteration of an epoch, whose losses no longer see it."""
    enqueue = model.bank.enqueue

    def spoiled(keys, write=True):
        enqueue(keys, write)
        model.bank.keys_bone[3] = float('inf')

    model.bank.enqueue = spoiled


def test_weights_that_are_not_finite_are_not_saved(cfg, tmp_path):
    runner = Runner.from_cfg(cfg)
    spoil(runner, 6, spoil_bank)
    with pytest.raises(FloatingPointError, match='bank.keys_bone'):
        runner.train()
    assert [p.name for p in tmp_path.glob('epoch_*')] == ['epoch_1.pth']


@torch.no_grad()
def collapse_joint(model):
    """All its features are one point, the bias of the projector."""
    model.query['joint'].neck.mlp[-1].weight.zero_()


def test_a_collapse_is_told_once(cfg, capsys):
    cfg.optim_wrapper.optimizer.lr = 0
    runner = Runner.from_cfg(cfg)
    spoil(runner, 1, collapse_joint)
    runner.train()
    assert capsys.readouterr().out.count('have collapsed') == 1
    assert runner.message_hub.get_scalar('train/std_joint').current() == 0
    assert runner.message_hub.get_scalar('train/std_bone').current() > 0.02


@torch.no_grad()
def move_far_out(model):
    """All of joint, on either side."""
    for mlp in (model.predictor['joint'].mlp, model.key['joint'].neck.mlp):
        mlp[-1].weight.normal_(std=100.0)


def test_capped_distances_are_told_once_while_they_count(
    prepared_ntu, tmp_path, capsys
):
    for begin, told in ((99, 0), (1, 1)):
        cfg = tiny(HYSP, prepared_ntu, tmp_path)
        cfg.experiment_name = str(tmp_path / str(begin))
        cfg.val_cfg = cfg.val_dataloader = cfg.val_evaluator = None
        cfg.model.update(pace_begin=begin, pace_end=begin)
        cfg.model.modalities = ['joint']
        cfg.optim_wrapper.optimizer.lr = 0
        cfg.train_cfg.max_epochs = 3
        runner = Runner.from_cfg(cfg)
        spoil(runner, 1, move_far_out)
        runner.train()
        out = capsys.readouterr().out
        assert out.count('of joint up to 100% of a batch are at the') == told
        share = runner.message_hub.get_scalar('train/capped_joint').current()
        assert share == 1
