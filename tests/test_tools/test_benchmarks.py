"""tools/benchmark/: the plain form is ours, and each tool runs."""

import re

import pytest
import torch
from commands import fail, succeed
from helpers import DISTILLATION, IKEM_6M, LINEAR, SKELETONCLR, read
from mmaction.registry import DATASETS, MODELS
from mmengine.dataset import pseudo_collate
from mmengine.optim import OptimWrapper
from plain import plain_form
from torch.utils.data import DataLoader

from projects.ikem.datasets import stack_collate
from projects.ikem.models.modalities import MODALITIES

CROSS = 'crossclr/crossclr-3m_stgcn-slim_1xb64-100e_nwucla-xview.py'
PAPER = 'Eq. 7 of the paper'  # of the distillation


def small(path):
    """Slim encoders without dropout, a bank that batches do not divide, and
    a temperature at which losses of untrained encoders are not next to 0."""
    cfg = read(path).model
    cfg.update(bank_size=10, temperature=0.3)
    cfg.backbone.update(base_channels=8, out_channels=16, dropout=0)
    return cfg


def two_views(dataset_cfg, data_root, num):
    dataset_cfg.data_root = data_root
    dataset = DATASETS.build(dataset_cfg)
    dataset.set_epoch(0, 0)
    return [dataset[i] for i in range(num)]


def data_of(path, prepared_ntu, prepared_nwucla):
    cfg = read(path).train_dataloader.dataset
    root = prepared_nwucla if 'nwucla' in cfg.data_root else prepared_ntu
    return two_views(cfg, root, 12)


@pytest.mark.parametrize(
    'path, exchanging',
    [
        (IKEM_6M, False),
        (IKEM_6M, True),
        (SKELETONCLR, False),
        (CROSS, True),
        (DISTILLATION, False),
        (PAPER, False),
    ],
)
def test_plain_form_has_our_losses(
    path, exchanging, prepared_ntu, prepared_nwucla
):
    """Step after step, from the same weights."""
    cfg = small(DISTILLATION if path == PAPER else path)
    if path == PAPER:
        path, cfg.form = DISTILLATION, 'paper'
    samples = data_of(path, prepared_ntu, prepared_nwucla)
    ours = MODELS.build(cfg)
    ours.set_progress(exchanging, 2)
    plain = plain_form(ours)
    losses = []
    for model in (ours, plain):
        model.train()
        optimizer = torch.optim.SGD(model.parameters(), lr=0.01, momentum=0.9)
        wrapper = OptimWrapper(optimizer)
        losses.append([])
        for step in range(3):  # the bank wraps around
            batch = pseudo_collate(samples[4 * step :][:4])
            logs = model.train_step(batch, wrapper)
            losses[-1].append(
                {name: x for name, x in logs.items() if 'loss' in name}
            )
    assert len(losses[0][0]) > len(model.modalities)
    for ours, plain in zip(*losses):
        torch.testing.assert_close(ours, plain, rtol=1e-4, atol=0)


@pytest.mark.parametrize(
    'path, exchanging',
    [(SKELETONCLR, False), (CROSS, True), (DISTILLATION, False)],
)
def test_plain_form_has_our_gradients(
    path, exchanging, prepared_ntu, prepared_nwucla
):
    batch = pseudo_collate(data_of(path, prepared_ntu, prepared_nwucla))
    cfg = small(path)
    ours = MODELS.build(cfg)
    ours.set_progress(exchanging, 2)
    plain = plain_form(ours)
    joints = ours.double().data_preprocessor(batch)['inputs']
    joints = {u: x.double() for u, x in joints.items()}
    gradients = []
    for model in (ours, plain.double()):
        model.train()
        losses = model(joints, mode='loss')
        sum(x for name, x in losses.items() if 'loss' in name).backward()
        gradients.append(
            {k: p.grad for k, p in model.query.named_parameters()}
        )
    ours, plain = gradients
    assert ours.keys() == plain.keys()
    assert all(g is not None and g.any() for g in ours.values())
    torch.testing.assert_close(ours, plain, rtol=1e-6, atol=1e-10)


def test_plain_modalities(prepared_ntu):
    cfg = small(IKEM_6M)
    ours = MODELS.build(cfg)
    samples = data_of(IKEM_6M, prepared_ntu, None)
    batch = pseudo_collate(samples)
    derived = ours.data_preprocessor(batch)['inputs']
    plain = plain_form(ours).data_preprocessor(batch)['inputs']
    assert list(plain) == list(MODALITIES)
    for u, x in derived.items():
        torch.testing.assert_close(plain[u], x, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize('workers', [0, 2])
def test_stacked_batches_are_those_of_pseudo_collate(prepared_ntu, workers):
    samples = data_of(IKEM_6M, prepared_ntu, None)
    preprocessor = MODELS.build(small(IKEM_6M).data_preprocessor)
    loaders = [
        DataLoader(samples, 8, collate_fn=collate, num_workers=workers)
        for collate in (pseudo_collate, stack_collate)
    ]
    for listed, stacked in zip(*loaders):
        fields = stacked['data_samples']
        samples = listed['data_samples']
        assert fields['frame_dir'] == [s.frame_dir for s in samples]
        labels = torch.stack([s.gt_label for s in samples])
        assert torch.equal(fields['gt_label'], labels)
        a = preprocessor(listed)['inputs']
        b = preprocessor(stacked)['inputs']
        assert list(a) == list(b) == list(MODALITIES)
        assert all(torch.equal(a[u], b[u]) for u in a)


def test_a_stacked_batch_without_time_scale_is_refused(prepared_ntu):
    batch = stack_collate(data_of(IKEM_6M, prepared_ntu, None))
    del batch['data_samples']['time_scale']
    preprocessor = MODELS.build(small(IKEM_6M).data_preprocessor)
    with pytest.raises(KeyError, match='algorithm_keys'):
        preprocessor(batch)


def run(tool, *args):
    path = f'tools/benchmark/{tool}'
    return succeed(path, *args, '--threads', 1, fork=True)


def step_time(path, *args, options=()):
    text = run(
        'step_time.py',
        path,
        *('--batch', 4, '--steps', 2, '--warmup', 1, '--device', 'cpu'),
        *args,
        '--cfg-options',
        'model.bank_size=64',
        'model.backbone.base_channels=8',
        'model.backbone.out_channels=16',
        *options,
    )
    return text, re.findall(r'^(.*): ([\d.+-]+)%?$', text, re.M)


def appear_in_order(names, text):
    start = 0
    for name in names:
        start = text.index(name, start) + len(name)


def test_step_time_of_both_stages(prepared_ntu):
    data = f'train_dataloader.dataset.data_root={prepared_ntu}'
    text, ratios = step_time(
        IKEM_6M, '--no-plain', '--profile', options=[data]
    )
    assert prepared_ntu in text
    assert 'aten::convolution_backward' in text
    (ratio,) = ratios
    assert 'memory' in ratio[0]
    phases = ('data', 'modalities', 'encoders, query', 'encoders, key')
    phases += ('loss', 'backward', 'optimiser', 'other', 'step')
    appear_in_order(phases, text)


def test_step_time_of_a_distillation_without_its_data():
    text, ratios = step_time(
        DISTILLATION, '--amp', '--channels-last', '--no-memory'
    )
    assert 'data/ntu60' in text
    assert [name for name, _ in ratios] == [
        'plain, float32 / ours, bfloat16',
        'plain, bfloat16 / ours, bfloat16',
    ]
    assert 'encoders, teacher' in text


@pytest.mark.parametrize(
    'path, args, returncode, named',
    [
        (LINEAR, [], 1, 'linear'),
        # found by the process that takes the steps
        (IKEM_6M, ['--device', 'nothing', '--no-memory'], 1, 'device'),
        (IKEM_6M, ['--steps', '0'], 2, '--steps'),
        (IKEM_6M, ['--cfg-options', 'a.b'], 1, "'a.b'"),
    ],
)
def test_step_time_refuses_what_it_cannot_measure(
    path, args, returncode, named
):
    tool = 'tools/benchmark/step_time.py'
    assert named in fail(tool, path, *args, returncode=returncode)


def test_dataloader_speed(prepared_ntu):
    text = run(
        'dataloader.py',
        prepared_ntu,
        *('--workers', 0, 1, '--batches', 2, '--rounds', 2),
    )
    rows = re.findall(r'^\W+(\d) \W.* ([\d.]+)\W*$', text, re.M)
    assert [workers for workers, _ in rows] == ['0', '1']
    assert all(float(ratio) > 0 for _, ratio in rows)


def test_dataloader_memory():
    text = run(
        'dataloader.py',
        *('--memory', '--workers', 1, '--clips', 300, '--epochs', 2),
    )
    rows = re.findall(r'^\W+1\W+(\d)\W+(\d+)\W+(\d+)\W', text, re.M)
    assert [epoch for epoch, *_ in rows] == ['1', '2']
    assert all(int(main) and int(worker) for _, main, worker in rows)


def test_exchange_loss():
    text = run(
        'exchange_loss.py',
        *('--modalities', 3, '--batch', 4, '--bank', 64, '--steps', 1),
        *('--device', 'cpu'),
    )
    assert re.search(r'ours / plain\W+[\d.]+', text)
