from .skeleton_classifier import SkeletonClassifier

__all__ = ['SkeletonClassifier']
