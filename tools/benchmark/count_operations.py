"""Operations of a step, which no machine's noise moves."""

from collections import Counter
from typing import Callable

from torch.utils._python_dispatch import TorchDispatchMode


class OperationCounter(TorchDispatchMode):
    """Counts the operations that are no views.

    An operation that works on a list, such as ``_foreach_add_``, is one, as
    it is one launch or a few on a GPU.
    """

    def __init__(self) -> None:
        super().__init__()
        self.counts = Counter()

    def __torch_dispatch__(self, func, types, args=(), kwargs=None):
        if not is_view(func):
            self.counts[func.overloadpacket._qualified_op_name] += 1
        return func(*args, **(kwargs or {}))


def is_view(func: Callable) -> bool:
    """Whether an operation shares the memory of its input without writing."""
    return any(
        argument.alias_info is not None and not argument.alias_info.is_write
        for argument in func._schema.arguments
    )


def count(function: Callable) -> Counter:
    """Operations of a call by name."""
    with OperationCounter() as counter:
        function()
    return counter.counts
