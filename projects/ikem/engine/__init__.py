from . import hooks, loops
from .file_backend import AtomicLocalBackend
from .optim_wrapper import BFloat16OptimWrapper

__all__ = ['AtomicLocalBackend', 'BFloat16OptimWrapper', 'hooks', 'loops']
