from .actclr import ActCLR
from .aimclr import AimCLR
from .base import PretrainingModel
from .cpm import CPM
from .hysp import HYSP
from .pstl import PSTL
from .relational_distillation import RelationalDistillation
from .skeleton_clr import IKEM, CrosSCLR, SkeletonCLR

__all__ = [
    'ActCLR',
    'AimCLR',
    'CPM',
    'CrosSCLR',
    'HYSP',
    'IKEM',
    'PSTL',
    'PretrainingModel',
    'RelationalDistillation',
    'SkeletonCLR',
]
