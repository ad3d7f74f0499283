"""tools/benchmark/: the plain form is ours, and each tool runs."""

import re
import subprocess
import sys

import pytest
import torch
from helpers import CONFIGS, ROOT
from mmaction.registry import DATASETS, MODELS
from mmengine.config import Config
from mmengine.dataset import pseudo_collate
from mmengine.optim import OptimWrapper
from torch.utils.data import DataLoader

from projects.ikem.datasets import stack_collate
from projects.ikem.models.modalities import MODALITIES

TOOLS = ROOT / 'tools/benchmark'
SIX = 'ikem/ikem-6m_stgcn-slim_1xb128-300e_ntu60-xsub.py'
CLR = 'skeletonclr/skeletonclr-3m_stgcn-slim_1xb128-300e_ntu60-xsub.py'
CROSS = 'crossclr/crossclr-3m_stgcn-slim_1xb64-100e_nwucla-xview.py'
STUDENTS = 'distillation/distillation-3m_stgcn-slim_1xb128-150e_ntu60-xsub.py'
PAPER = 'Eq. 7 of the paper'  # of the same config


@pytest.fixture
def plain_form(monkeypatch):
    monkeypatch.syspath_prepend(TOOLS)
    from plain import plain_form

    return plain_form


def small(path):
    """Slim encoders without dropout, a bank that batches do not divide, and
    a temperature at which losses of untrained encoders are not next to 0."""
    cfg = Config.fromfile(CONFIGS / path).model
    cfg.update(bank_size=10, temperature=0.3)
    cfg.backbone.update(base_channels=16, out_channels=16, dropout=0)
    return cfg


def two_views(dataset_cfg, data_root, num):
    dataset_cfg.data_root = data_root
    dataset = DATASETS.build(dataset_cfg)
    dataset.set_epoch(0, 0)
    return [dataset[i] for i in range(num)]


def data_of(path, prepared_ntu, prepared_nwucla):
    cfg = Config.fromfile(CONFIGS / path).train_dataloader.dataset
    root = prepared_nwucla if 'nwucla' in cfg.data_root else prepared_ntu
    return two_views(cfg, root, 12)


@pytest.mark.parametrize(
    'path, exchanging',
    [
        (SIX, False),
        (SIX, True),
        (CLR, False),
        (CROSS, True),
        (STUDENTS, False),
        (PAPER, False),
    ],
)
def test_plain_form_has_our_losses(
    plain_form, path, exchanging, prepared_ntu, prepared_nwucla
):
    """Step after step, from the same weights."""
    cfg = small(STUDENTS if path == PAPER else path)
    if path == PAPER:
        path, cfg.form = STUDENTS, 'paper'
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
    'path, exchanging', [(CLR, False), (CROSS, True), (STUDENTS, False)]
)
def test_plain_form_has_our_gradients(
    plain_form, path, exchanging, prepared_ntu, prepared_nwucla
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


def test_plain_modalities(plain_form, prepared_ntu):
    cfg = small(SIX)
    ours = MODELS.build(cfg)
    samples = data_of(SIX, prepared_ntu, None)
    batch = pseudo_collate(samples)
    derived = ours.data_preprocessor(batch)['inputs']
    plain = plain_form(ours).data_preprocessor(batch)['inputs']
    assert list(plain) == list(MODALITIES)
    for u, x in derived.items():
        torch.testing.assert_close(plain[u], x, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize('workers', [0, 2])
def test_stacked_batches_are_those_of_pseudo_collate(prepared_ntu, workers):
    samples = data_of(SIX, prepared_ntu, None)
    preprocessor = MODELS.build(small(SIX).data_preprocessor)
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
    batch = stack_collate(data_of(SIX, prepared_ntu, None))
    del batch['data_samples']['time_scale']
    preprocessor = MODELS.build(small(SIX).data_preprocessor)
    with pytest.raises(KeyError, match='algorithm_keys'):
        preprocessor(batch)


def run(tool, *args):
    result = subprocess.run(
        [sys.executable, TOOLS / tool, *map(str, args), '--threads', '1'],
        capture_output=True,
        text=True,
        cwd=ROOT,
    )
    assert result.returncode == 0, result.stderr
    return result.stdout


TINY = [
    'model.bank_size=64',
    'model.backbone.base_channels=16',
    'model.backbone.out_channels=16',
]


def step_time(path, *args, options=()):
    text = run(
        'step_time.py',
        CONFIGS / path,
        *('--batch', 4, '--steps', 2, '--warmup', 1, '--device', 'cpu'),
        *args,
        *('--cfg-options', *TINY, *options),
    )
    return text, re.findall(r'^(.*): ([\d.+-]+)%?$', text, re.M)


def test_step_time_of_both_stages(prepared_ntu):
    data = f'train_dataloader.dataset.data_root={prepared_ntu}'
    text, ratios = step_time(SIX, '--no-plain', '--profile', options=[data])
    assert prepared_ntu in text
    assert 'aten::convolution_backward' in text
    assert [name for name, _ in ratios] == [
        'memory of stage 2 above stage 1, ours, float32'
    ]
    phases = re.findall(r'^│ ([a-z, ]+?) +│ +[\d.-]+ │', text, re.M)
    assert phases[-9:] == [
        'data',
        'modalities',
        'encoders, query',
        'encoders, key',
        'loss',
        'backward',
        'optimiser',
        'other',
        'step',
    ]


def test_step_time_of_a_distillation_without_its_data():
    text, ratios = step_time(
        STUDENTS,
        *('--amp', '--channels-last', '--no-memory'),
    )
    assert 'random joints (data/ntu60 is not there)' in text
    assert [name for name, _ in ratios] == [
        'plain, float32 / ours, bfloat16',
        'plain, bfloat16 / ours, bfloat16',
    ]
    assert 'encoders, teacher' in text


LINEAR = 'linear/linear-3m_stgcn-slim_1xb128-100e_ntu60-xsub.py'


@pytest.mark.parametrize(
    'path, args, message',
    [
        (LINEAR, [], 'is no pre-training and no distillation'),
        # found by the process that takes the steps
        (SIX, ['--device', 'nothing', '--no-memory'], 'device'),
        (SIX, ['--steps', '0'], 'argument --steps: 0 is not at least 1'),
        (SIX, ['--cfg-options', 'a.b'], "'a.b' is no key=value"),
    ],
)
def test_step_time_refuses_what_it_cannot_measure(path, args, message):
    result = subprocess.run(
        [sys.executable, TOOLS / 'step_time.py', CONFIGS / path, *args],
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert result.returncode != 0
    assert message in result.stderr.splitlines()[-1]
    assert 'Traceback' not in result.stderr


def test_dataloader_speed(prepared_ntu):
    text = run(
        'dataloader.py',
        prepared_ntu,
        *('--workers', 0, 1, '--batches', 2, '--rounds', 2),
    )
    rows = re.findall(r'^│ +(\d) │ .* │ +([\d.]+) │$', text, re.M)
    assert [workers for workers, _ in rows] == ['0', '1']
    assert all(float(ratio) > 0 for _, ratio in rows)


def test_dataloader_memory():
    text = run(
        'dataloader.py',
        *('--memory', '--workers', 1, '--clips', 300, '--epochs', 2),
    )
    rows = re.findall(r'^│ +1 │ +(\d) │ +(\d+) │ +(\d+) │', text, re.M)
    assert [epoch for epoch, *_ in rows] == ['1', '2']
    assert all(int(main) and int(worker) for _, main, worker in rows)


def test_exchange_loss():
    text = run(
        'exchange_loss.py',
        *('--modalities', 3, '--batch', 4, '--bank', 64, '--steps', 1),
        *('--device', 'cpu'),
    )
    assert re.search(r'ours / plain +│ +[\d.]+ │', text)
