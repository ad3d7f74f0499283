"""tools/benchmark/linear_eval.py, as a command."""

import re
import subprocess
import sys

import pytest
from helpers import CONFIGS, ROOT

CONFIG = CONFIGS / 'linear/linear-3m_stgcn-slim_1xb128-100e_ntu60-xsub.py'


@pytest.fixture
def benchmark(prepared_ntu, tmp_path):
    options = [
        f'{name}_dataloader.{option}'
        for name in ('train', 'val')
        for option in (
            f'dataset.data_root={prepared_ntu}',
            'batch_size=4',
            'num_workers=0',
            'persistent_workers=False',
        )
    ]

    def run(*args, config=CONFIG):
        return subprocess.run(
            [
                sys.executable,
                ROOT / 'tools/benchmark/linear_eval.py',
                config,
                *args,
                '--cfg-options',
                *options,
                'model.pretrained=None',
                'model.backbone.base_channels=4',
                'model.backbone.out_channels=8',
                'optim_wrapper.optimizer.lr=0.5',
            ],
            cwd=tmp_path,
            capture_output=True,
            text=True,
        )

    return run


def test_the_loops_agree(benchmark, tmp_path):
    result = benchmark('--epochs', '3', '--ordinary-epochs', '2')
    assert result.returncode == 0, result.stderr
    text = result.stdout
    assert re.search(
        r'^3 epochs, ordinary loop: [\d.]+ s \(extrapolated from the [\d.]+ '
        r's of 2 epochs\)$',
        text,
        re.M,
    )
    assert re.search(r'^ratio: [\d.]+$', text, re.M)
    accuracies = re.findall(
        r'acc/(\w+)_top1 +\S+ +([\d.]+) \S+ ([\d.]+)', text
    )
    assert [a[0] for a in accuracies] == ['joint', 'motion', 'bone', 'fused']
    assert all(ordinary == cached for _, ordinary, cached in accuracies)
    (difference,) = re.findall(r'difference of logits: (\S+)', text)
    assert float(difference) < 1e-5
    assert not list(tmp_path.glob('work_dirs'))


def test_more_ordinary_epochs_than_epochs_are_refused(benchmark):
    result = benchmark('--epochs', '3', '--ordinary-epochs', '4')
    assert result.returncode == 2
    assert '--ordinary-epochs is at most --epochs' in result.stderr


def test_a_pretraining_is_refused(benchmark):
    config = 'configs/ikem/ikem-3m_stgcn-slim_1xb64-100e_nwucla-xview.py'
    config = ROOT / config
    result = benchmark(config=config)
    assert result.returncode == 1
    assert 'is no linear evaluation' in result.stderr
