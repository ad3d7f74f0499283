from . import transforms
from .collate import stack_collate
from .skeleton_dataset import SkeletonDataset

__all__ = ['SkeletonDataset', 'stack_collate', 'transforms']
