"""Checks on a GPU: python cuda_checks.py CHECK PREPARED_FOLDER WORK_DIR."""

import logging
import sys

import tiny_models
import torch
from helpers import IKEM_3M, ROOT, tiny
from mmaction.structures import ActionDataSample
from mmengine.optim import OptimWrapper
from mmengine.registry import init_default_scope
from mmengine.runner import Runner

import projects.ikem  # noqa: F401  registers all
from projects.ikem.datasets import stack_collate
from projects.ikem.engine.optim_wrapper import BFloat16OptimWrapper
from projects.ikem.models.modalities import MODALITIES

SIX = list(MODALITIES)
NECK = dict(type='MLPProjector', hid_channels=256, out_channels=128)
KINDS = ['IKEM', 'RelationalDistillation']


def build(
    kind, width=16, out=256, bank_size=32768, dropout=0.5, modalities=SIX
):
    torch.manual_seed(0)
    backbone = dict(
        type='SlimSTGCN',
        base_channels=width,
        out_channels=out,
        dropout=dropout,
    )
    options = dict(backbone=backbone, neck=NECK, bank_size=bank_size)
    if kind == 'RelationalDistillation':
        options.update(
            teacher=dict(modalities=modalities, neck=NECK),
            students=modalities[:3],
            neck=dict(type='MLPProjector'),
        )
    model = tiny_models.build(kind, modalities, **options)
    model.set_progress(1, 2)
    return model.train()


def batch(num, frames=50, device='cuda', views=2):
    clips = []
    for i in range(num):
        sample = ActionDataSample(metainfo=dict(frame_dir=f'clip{i}'))
        sample.set_field(1.5, 'time_scale')
        joints = torch.randn(views, 2, frames, 25, 3)
        clips.append(dict(inputs=joints, data_samples=sample))
    data = stack_collate(clips)
    data['inputs'] = data['inputs'].to(device)
    samples = data['data_samples']
    samples['time_scale'] = samples['time_scale'].to(device)
    return data


def parity(*_):
    """Losses, gradients and buffers are those of the CPU, in float64."""
    x = {u: torch.randn(3, 2, 2, 12, 25, 3).double() for u in SIX}
    for kind in KINDS:
        results = []
        for device in ('cpu', 'cuda'):
            model = build(kind, 4, 8, 64, 0.0).double().to(device)
            inputs = {u: clips.to(device) for u, clips in x.items()}
            loss, _ = model.parse_losses(model(inputs, mode='loss'))
            loss.backward()
            gradients = {
                name: p.grad.cpu()
                for name, p in model.named_parameters()
                if p.grad is not None
            }
            assert len(gradients) > 100
            buffers = {n: b.cpu() for n, b in model.named_buffers()}
            results.append([loss.detach().cpu(), gradients, buffers])
        torch.testing.assert_close(*results, rtol=1e-10, atol=1e-10)


def trained(kind, num, wrapper):
    model = build(kind).cuda()
    optimizer = torch.optim.SGD(
        model.parameters(), lr=0.01, momentum=0.9, weight_decay=1e-4
    )
    wrapper, data = wrapper(optimizer), batch(num)
    for _ in range(2):
        model.train_step(data, wrapper)
    return lambda: model.train_step(data, wrapper)


def no_waiting(*_):
    """Nothing in a step waits for the device."""
    for kind in KINDS:
        for wrapper in (OptimWrapper, BFloat16OptimWrapper):
            step = trained(kind, 8, wrapper)
            torch.cuda.set_sync_debug_mode('error')
            step()
            torch.cuda.set_sync_debug_mode('default')


def count(*_):
    """The operations of a step do not depend on the batch."""
    sys.path.insert(0, str(ROOT / 'tools/benchmark'))
    from count_operations import count

    for kind, most in zip(KINDS, (1500, 1200)):
        numbers = [
            sum(count(trained(kind, num, OptimWrapper)).values())
            for num in (2, 8, 128)
        ]
        assert len(set(numbers)) == 1 and numbers[0] <= most, numbers


def training(folder, work_dir):
    """A training by epochs logs every iteration, resumes and evaluates."""
    cfg = tiny(IKEM_3M, folder, work_dir)
    cfg.train_cfg.update(max_epochs=2, val_interval=1)
    cfg.default_hooks.checkpoint.interval = 1
    cfg.default_hooks.logger.interval = 50
    runner = Runner.from_cfg(cfg)
    runner.train()
    assert next(runner.model.parameters()).is_cuda
    history = runner.message_hub.get_scalar('train/loss').data[0]
    assert len(history) == 3  # of the second stage, which began anew
    assert all(value == value for value in history)


if __name__ == '__main__':
    logging.disable(logging.CRITICAL)
    init_default_scope('mmaction')
    assert torch.cuda.is_available()
    globals()[sys.argv[1]](*sys.argv[2:])
