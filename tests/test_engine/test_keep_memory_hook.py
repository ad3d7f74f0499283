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

keep_freed_memory(sys.argv[1] == 'keep')
for _ in range(3):
    torch.ones(2**24)  # 64 MiB, freed at once
before = getrusage(RUSAGE_SELF).ru_minflt
torch.ones(2**24)
print(getrusage(RUSAGE_SELF).ru_minflt - before)
"""


def faults(how):
    command = [sys.executable, '-c', FAULTS, how]
    return int(subprocess.run(command, stdout=subprocess.PIPE).stdout)


@pytest.mark.skipif(sys.platform != 'linux', reason='is about glibc')
def test_memory_is_handed_out_again_without_page_faults():
    returned = faults('return')
    if not returned:
        pytest.skip('this allocator keeps what is freed')
    assert faults('keep') < returned / 2


@pytest.mark.parametrize('device, told', [('cpu', [()]), ('meta', [])])
def test_only_on_a_cpu(monkeypatch, device, told):
    calls = []
    monkeypatch.setattr(
        keep_memory_hook, 'keep_freed_memory', lambda *args: calls.append(args)
    )
    runner = SimpleNamespace(model=nn.Linear(2, 3, device=device))
    keep_memory_hook.KeepMemoryHook().before_run(runner)
    assert calls == told
