from .ikem import IKEM, CrosSCLR
from .skeleton_clr import SkeletonCLR

__all__ = ['CrosSCLR', 'IKEM', 'SkeletonCLR']
