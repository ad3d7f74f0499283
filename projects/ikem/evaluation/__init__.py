from .confusion_metric import ConfusionMatrix
from .dump_predictions import DumpPredictions
from .retrieval_metric import SkeletonRetrievalMetric

__all__ = ['ConfusionMatrix', 'DumpPredictions', 'SkeletonRetrievalMetric']
