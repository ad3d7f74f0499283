from .augment import RandomShear, RandomTemporalCrop, get_rng
from .multi_view import MultiView
from .preprocess import AlignShoulders, CenterJoint, ResampleFrames

__all__ = [
    'AlignShoulders',
    'CenterJoint',
    'MultiView',
    'RandomShear',
    'RandomTemporalCrop',
    'ResampleFrames',
    'get_rng',
]
