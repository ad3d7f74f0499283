from .batch_norm_mlp import BarlowTwinsProjector, BatchNormMLP
from .projector import MLPProjector

__all__ = ['BarlowTwinsProjector', 'BatchNormMLP', 'MLPProjector']
