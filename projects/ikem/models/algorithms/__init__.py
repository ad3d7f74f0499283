from .ikem import IKEM, CrosSCLR
from .relational_distillation import RelationalDistillation
from .skeleton_clr import SkeletonCLR

__all__ = ['CrosSCLR', 'IKEM', 'RelationalDistillation', 'SkeletonCLR']
