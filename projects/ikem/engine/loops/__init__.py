from .frozen_feature_loop import FrozenFeatureTrainLoop
from .gallery_loops import KNNTestLoop, KNNValLoop, SkeletonRetrievalTestLoop

__all__ = [
    'FrozenFeatureTrainLoop',
    'KNNTestLoop',
    'KNNValLoop',
    'SkeletonRetrievalTestLoop',
]
