"""Compile the parts of a model that are worth it."""

import functools
import inspect


def mend_compile() -> None:
    """mmengine compiles ``train_step`` as one: its context managers, data
    samples and optimiser break the graph in dozens of places, some of them
    compiled again for each batch. Models with a ``compile`` of their own say
    what is worth it.

    Delete when mmengine calls ``model.compile``.
    """
    from mmengine.runner import Runner
    from torch import nn

    compile_target = Runner._maybe_compile

    @functools.wraps(compile_target)
    def maybe_compile(self, target: str) -> None:
        from projects.ikem.engine.unwrap import unwrap  # mends come first

        options, model = self.cfg.get('compile'), unwrap(self.model)
        theirs = type(model).compile is nn.Module.compile
        if theirs or options is None or options is False:
            return compile_target(self, target)
        options = {} if options is True else options
        require_compiler(options)
        model.compile(**options)
        self.logger.info('compiling the backbones: the first steps take long')

    Runner._maybe_compile = maybe_compile


def require_compiler(options: dict) -> None:
    """Say in a line what torch says in hundreds if it cannot compile.

    Args:
        options (dict): Arguments of ``torch.compile``.

    Raises:
        ValueError: If they are none.
        RuntimeError: If a function of one line cannot be compiled.
    """
    import torch
    from mmengine.device import get_device

    known = list(inspect.signature(torch.compile).parameters)[1:]
    if not isinstance(options, dict) or not set(options) <= set(known):
        raise ValueError(
            f'compile is True, False or a dict with some of {known}, got '
            f'{options!r}'
        )
    backend = options.get('backend', 'inductor')
    backends = torch.compiler.list_backends(exclude_tags=())
    if isinstance(backend, str) and backend not in backends:
        raise ValueError(
            f'compile.backend is one of {backends}, got {backend!r}'
        )
    try:
        torch.compile(torch.neg, **options)(torch.ones(1, device=get_device()))
    except Exception as error:
        reason = str(error).strip().splitlines()[0]
        raise RuntimeError(
            f'compile={options or True} does not work here ({reason}): '
            'install a C++ compiler such as g++, or leave compile out'
        ) from None
