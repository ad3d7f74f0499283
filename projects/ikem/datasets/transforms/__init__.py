from .augment import RandomShear, RandomTemporalCrop, get_rng
from .gen_modality import GenModality
from .multi_view import MultiView
from .pack_skeleton import PackSkeleton
from .preprocess import AlignShoulders, CenterJoint, ResampleFrames, WorldFrame
from .scheduled import ScheduledSubset
from .strong_augment import (
    RandomAxisMask,
    RandomBoneRescale,
    RandomGaussianNoise,
    RandomJointFlip,
    RandomResample,
    RandomRotation,
    RandomTemporalFilter,
    RandomTimeFlip,
)

__all__ = [
    'AlignShoulders',
    'CenterJoint',
    'GenModality',
    'MultiView',
    'PackSkeleton',
    'RandomAxisMask',
    'RandomBoneRescale',
    'RandomGaussianNoise',
    'RandomJointFlip',
    'RandomResample',
    'RandomRotation',
    'RandomShear',
    'RandomTemporalCrop',
    'RandomTemporalFilter',
    'RandomTimeFlip',
    'ResampleFrames',
    'ScheduledSubset',
    'WorldFrame',
    'get_rng',
]
