from .base import PretrainingModel
from .relational_distillation import RelationalDistillation
from .skeleton_clr import IKEM, CrosSCLR, SkeletonCLR

__all__ = [
    'CrosSCLR',
    'IKEM',
    'PretrainingModel',
    'RelationalDistillation',
    'SkeletonCLR',
]
