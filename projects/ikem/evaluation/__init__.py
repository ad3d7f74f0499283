from .retrieval_metric import SkeletonRetrievalMetric

__all__ = ['SkeletonRetrievalMetric']
