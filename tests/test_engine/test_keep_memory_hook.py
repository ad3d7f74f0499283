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


def faults(how, num, size):
    """Page faults of tensors of some MiB, where as many were freed before."""
    command = [sys.executable, '-c', FAULTS, how, str(num), str(size)]
    return int(subprocess.run(command, stdout=subprocess.PIPE).stdout)


@pytest.mark.skipif(sys.platform != 'linux', reason='is about glibc')
@pytest.mark.parametrize('num, size', [(1, 64), (20, 10)])  # mapped, trimmed
def test_memory_is_handed_out_again_without_page_faults(num, size):
    returned = faults('return', num, size)
    if not returned:
        pytest.skip('this allocator keeps what is freed')
    assert faults('keep', num, size) < returned / 2


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
