from .frozen_feature_loop import FrozenFeatureTrainLoop

__all__ = ['FrozenFeatureTrainLoop']
