from .skeleton_clr import SkeletonCLR

__all__ = ['SkeletonCLR']
