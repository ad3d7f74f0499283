"""Equal modules whose tensors lie stacked in memory.

Each module keeps its own parameters and buffers under their names, so that
checkpoints, optimisers, freezing and moving averages see nothing of the stack.
The parameter of module u is row u of a tensor of shape (U, ...), which one
operation for all modules reads; gradients come back as rows of one gradient.
"""

from contextlib import contextmanager
from functools import cache
from itertools import chain
from typing import (
    Dict,
    Iterable,
    Iterator,
    List,
    Mapping,
    Optional,
    Sequence,
    Tuple,
)

import torch
from torch import Tensor, nn


class _Rows(torch.autograd.Function):
    """Stacks whose rows are the parameters; nothing is copied."""

    @staticmethod
    def forward(ctx, stacks: List[Tensor], *rows: Tensor):
        ctx.num_rows = len(rows) // len(stacks)
        # rows share memory with their stack, but no count of its versions
        ctx.versions = [(row, row._version) for row in rows]
        return tuple(stack.detach() for stack in stacks)

    @staticmethod
    def backward(ctx, *grads: Optional[Tensor]):
        if any(row._version != version for row, version in ctx.versions):
            raise RuntimeError(
                'a parameter that the backward pass needs has been modified '
                'by an inplace operation, such as a step of an optimiser, '
                'since the forward pass'
            )
        rows = []
        for grad in grads:
            if grad is None:
                rows += [None] * ctx.num_rows
            else:  # contiguous, or each row would be copied on its own
                rows += grad.contiguous().unbind(0)
        return (None, *rows)


class Stack:
    """Parameters and buffers of modules of one structure, stacked.

    Args:
        modules (sequence[nn.Module]): Modules with tensors of the same names,
            shapes and types, on one device.
    """

    def __init__(self, modules: Sequence[nn.Module]) -> None:
        self.modules = tuple(modules)
        self.parameters: Dict[str, Tensor] = {}
        self.buffers: Dict[str, Tensor] = {}
        self.rows: List[List[Tensor]] = []
        self.stacks: Dict[Tuple[int, ...], Tensor] = {}
        # each dict, key and value that the stack relies on
        self.places = []
        for path, module in self.modules[0].named_modules():
            owners = [m.get_submodule(path) for m in self.modules]
            prefix = f'{path}.' if path else ''
            for owner in owners:
                self._watch(owner._modules, owner._modules)
            for key in module._parameters:
                tables = [owner._parameters for owner in owners]
                self._tie(self.parameters, f'{prefix}{key}', tables, key)
            for key in module._buffers:
                tables = [owner._buffers for owner in owners]
                self._tie(self.buffers, f'{prefix}{key}', tables, key)
        self.addresses = [x.data_ptr() for x in self._tensors()]

    def _tie(
        self,
        stacks: Dict[str, Tensor],
        name: str,
        tables: List[Dict[str, Tensor]],
        key: str,
    ) -> None:
        rows = [table[key] for table in tables]
        if rows[0] is None:
            return
        shared = tuple(map(id, rows))  # by several names
        if shared not in self.stacks:
            self.stacks[shared] = torch.stack([row.detach() for row in rows])
            for row, data in zip(rows, self.stacks[shared]):
                row.data = data
        stacks[name] = self.stacks[shared]
        for table in tables:
            self._watch(table, [key])
        if stacks is self.parameters:
            self.rows.append(rows)

    def _watch(self, table: Mapping, keys: Iterable[str]) -> None:
        self.places += [(table, key, table[key]) for key in keys]

    def _tensors(self) -> List[Tensor]:
        return [x for _, _, x in self.places if isinstance(x, Tensor)]

    @property
    def holds(self) -> bool:
        """bool: Whether the modules still have the tensors of the stack.

        They have others after ``to``, ``deepcopy`` or an exchange of parts.
        """
        return all(
            table.get(key) is value for table, key, value in self.places
        ) and self.addresses == [x.data_ptr() for x in self._tensors()]

    def tensors(self, part: slice = slice(None)) -> Dict[str, Tensor]:
        """Stacks (U, ...) by name, those of parameters with gradients.

        Args:
            part (slice): The modules that are wanted. Defaults to all.
        """
        stacks, buffers = list(self.parameters.values()), self.buffers
        if len(range(*part.indices(len(self.modules)))) < len(self.modules):
            stacks = [stack[part] for stack in stacks]
            buffers = {name: x[part] for name, x in buffers.items()}
        rows = [row for rows in self.rows for row in rows[part]]
        if torch.is_grad_enabled() and any(x.requires_grad for x in rows):
            stacks = _Rows.apply(stacks, *rows)
        return {**dict(zip(self.parameters, stacks)), **buffers}


class Stacked:
    """The stack of some modules, made at first use and whenever it is lost.

    Copies of it make a stack of their own.
    """

    def __init__(self) -> None:
        self.stack: Optional[Stack] = None
        self.kept: Optional[Dict] = None

    @contextmanager
    def keep(self) -> Iterator[None]:
        """Let all calls within it return the same tensors.

        Gradients of several passes then add up in the stacks, not in each
        parameter. The parameters must not change meanwhile.
        """
        self.kept = {}
        try:
            yield
        finally:
            self.kept = None

    def __call__(
        self, modules: Iterable[nn.Module], part: slice = slice(None)
    ) -> Optional[Dict[str, Tensor]]:
        """Stacked tensors (U, ...) of U modules by name.

        Args:
            modules (iterable[nn.Module]): The modules.
            part (slice): Those that are wanted. Defaults to all.

        Returns:
            dict[str, Tensor] | None: The tensors, None for modules that
            differ in structure.
        """
        modules = tuple(modules)
        if not self._holds(modules):
            if not _alike(modules):
                return None
            with torch.inference_mode(False):
                self.stack = Stack(modules)
        if self.kept is None:
            return self.stack.tensors(part)
        key = part.start, part.stop, torch.is_grad_enabled()
        if key not in self.kept:
            self.kept[key] = self.stack.tensors(part)
        return self.kept[key]

    def rows(
        self, modules: Iterable[nn.Module], chosen: Iterable[int]
    ) -> Optional[List[nn.Parameter]]:
        """Parameters of some of the modules, or None without their stack.

        Args:
            modules (iterable[nn.Module]): The modules.
            chosen (iterable[int]): Numbers of those that are wanted.
        """
        if not self._holds(tuple(modules)):
            return None
        chosen = list(chosen)
        return [rows[i] for rows in self.stack.rows for i in chosen]

    def _holds(self, modules: Tuple[nn.Module, ...]) -> bool:
        stack = self.stack
        return stack is not None and stack.modules == modules and stack.holds

    def __deepcopy__(self, memo: Dict) -> 'Stacked':
        return Stacked()

    def __reduce__(self) -> Tuple:
        return Stacked, ()


def unstacked(module: nn.Module) -> Dict[str, Tensor]:
    """Tensors (1, ...) of one module by name."""
    named = chain(
        module.named_parameters(remove_duplicate=False),
        module.named_buffers(remove_duplicate=False),
    )
    return {name: x[None] for name, x in named}


def _alike(modules: Iterable[nn.Module]) -> bool:
    """Whether modules have tensors of the same names, shapes, types and
    devices, and none of them is shared."""
    tensors = [
        {id(x) for x in chain(m.parameters(), m.buffers())} for m in modules
    ]
    if sum(map(len, tensors)) != len(set().union(*tensors)):
        return False
    signatures = {
        tuple(
            (name, x.shape, x.dtype, x.device)
            for name, x in m.state_dict().items()
        )
        for m in modules
    }
    return len(signatures) == 1


def as_rows(tensors: Sequence[Tensor]) -> Tensor:
    """Tensors of one shape as one of shape (I, ...).

    Rows of one tensor, such as the queues of a bank, are not copied.
    """
    first = tensors[0]
    start, memory = first.storage_offset(), first.untyped_storage().data_ptr()
    step = first.numel()
    if len(tensors) > 1:
        step = tensors[1].storage_offset() - start
    rows = step >= 0 and all(
        not x.requires_grad
        and x.untyped_storage().data_ptr() == memory
        and x.storage_offset() == start + i * step
        and (x.shape, x.stride()) == (first.shape, first.stride())
        for i, x in enumerate(tensors)
    )
    if not rows:
        return torch.stack(list(tensors))
    shape, stride = (len(tensors), *first.shape), (step, *first.stride())
    return first.as_strided(shape, stride, start)


def constant(
    values: Sequence, device: torch.device, dtype: torch.dtype = torch.long
) -> Tensor:
    """A tensor of numbers or rows of numbers, copied to a device once."""
    if torch.compiler.is_compiling():
        return torch.tensor(values, dtype=dtype, device=device)
    rows = (tuple(x) if isinstance(x, (list, tuple)) else x for x in values)
    return _constant(tuple(rows), device, dtype)


@cache
def _constant(
    values: Tuple, device: torch.device, dtype: torch.dtype
) -> Tensor:
    with torch.inference_mode(False):
        return torch.tensor(values, dtype=dtype, device=device)


def take_rows(x: Tensor, rows: Sequence[int]) -> Tensor:
    """Rows of a tensor, a view where they follow each other."""
    if list(rows) == list(range(rows[0], rows[0] + len(rows))):
        return x[rows[0] : rows[0] + len(rows)]
    return x.index_select(0, constant(rows, x.device))


def has_hooks(module: nn.Module) -> bool:
    """Whether a call of a module would do more than its forward."""
    return any(
        (
            module._forward_hooks,
            module._forward_pre_hooks,
            module._backward_hooks,
            module._backward_pre_hooks,
        )
    )
