"""What only a GPU shows, in a process of its own that sees it."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

CHECKS = ['parity', 'no_waiting', 'count', 'training']


def run(*args, **env):
    visible = dict(CUDA_VISIBLE_DEVICES=os.environ['HIDDEN_CUDA_DEVICES'])
    return subprocess.run(
        [sys.executable, *args],
        env={**os.environ, **visible, **env},
        capture_output=True,
        text=True,
    )


@pytest.fixture(scope='module')
def device():
    code = 'import sys, torch; sys.exit(not torch.cuda.is_available())'
    if run('-c', code).returncode:
        pytest.skip(
            'no CUDA device: parity with the CPU, waits for the device, '
            'operations of a batch of 128 and a training on a GPU were not '
            'checked'
        )


@pytest.mark.parametrize('check', CHECKS)
def test_on_a_gpu(check, device, prepared_ntu, tmp_path):
    script = Path(__file__).with_name('cuda_checks.py')
    result = run(script, check, prepared_ntu, tmp_path)
    assert result.returncode == 0, result.stdout + result.stderr
