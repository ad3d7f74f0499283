from . import hooks, loops
from .file_backend import AtomicLocalBackend
from .optim_wrapper import BFloat16OptimWrapper
from .optimizers import GeooptSGD

__all__ = [
    'AtomicLocalBackend',
    'BFloat16OptimWrapper',
    'GeooptSGD',
    'hooks',
    'loops',
]
