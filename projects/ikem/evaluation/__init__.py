from .dump_predictions import DumpPredictions
from .retrieval_metric import SkeletonRetrievalMetric

__all__ = ['DumpPredictions', 'SkeletonRetrievalMetric']
