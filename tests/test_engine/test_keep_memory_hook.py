import os
import platform
import subprocess
import sys
from types import SimpleNamespace

import pytest
from torch import nn

from projects.ikem.engine.hooks import keep_memory_hook

FAULTS = """
import sys
from resource import RUSAGE_SELF, getrusage
import torch
from projects.ikem.engine.hooks import keep_freed_memory

num, size = map(int, sys.argv[2:])
if sys.argv[1] == 'keep':
    keep_freed_memory()
for _ in range(4):
    before = getrusage(RUSAGE_SELF).ru_minflt
    tensors = [torch.ones(size * 2**18) for _ in range(num)]
    tensors.clear()
print(getrusage(RUSAGE_SELF).ru_minflt - before)
"""


def faults(*cases):
    """Page faults of tensors of some MiB, where as many were freed before."""
    env = {  # without another allocator, or other settings of this one
        name: value
        for name, value in os.environ.items()
        if name != 'LD_PRELOAD' and not name.startswith('MALLOC_')
    }
    processes = [
        subprocess.Popen(
            [sys.executable, '-c', FAULTS, *map(str, case)],
            env=env,
            stdout=subprocess.PIPE,
        )
        for case in cases
    ]
    return [int(process.communicate()[0]) for process in processes]


@pytest.mark.skipif(platform.libc_ver()[0] != 'glibc', reason='is about glibc')
def test_memory_is_handed_out_again_without_page_faults():
    # whether the heap is trimmed depends on what lies above
    returned, kept, many = faults(
        ('return', 1, 64), ('keep', 1, 64), ('keep', 20, 10)
    )
    assert kept < returned / 4 and many < returned / 4


@pytest.mark.parametrize(
    'device, keep, told',
    [('cpu', True, [()]), ('cpu', False, []), ('meta', True, [])],
)
def test_only_on_a_cpu(monkeypatch, device, keep, told):
    calls = []
    monkeypatch.setattr(
        keep_memory_hook, 'keep_freed_memory', lambda *args: calls.append(args)
    )
    runner = SimpleNamespace(model=nn.Linear(2, 3, device=device))
    keep_memory_hook.KeepMemoryHook(keep).before_run(runner)
    assert calls == told
