from .augment import RandomShear, RandomTemporalCrop, get_rng
from .gen_modality import GenModality
from .multi_view import MultiView
from .pack_skeleton import PackSkeleton
from .preprocess import AlignShoulders, CenterJoint, ResampleFrames, WorldFrame

__all__ = [
    'AlignShoulders',
    'CenterJoint',
    'GenModality',
    'MultiView',
    'PackSkeleton',
    'RandomShear',
    'RandomTemporalCrop',
    'ResampleFrames',
    'WorldFrame',
    'get_rng',
]
