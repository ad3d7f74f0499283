from typing import Dict, List, Sequence

from mmaction.registry import METRICS
from mmengine.evaluator import BaseMetric


@METRICS.register_module()
class SkeletonRetrievalMetric(BaseMetric):
    """Recall and mean average precision of what each stream retrieves.

    Takes what :class:`SkeletonRetrievalTestLoop` writes into the data samples.
    ``{stream}_recall{k}`` is the share of queries with a clip of their class
    among the k nearest ones, ``{stream}_mAP`` the mean of their average
    precision over the whole gallery.

    Args:
        topk (sequence[int]): Numbers of clips k. Defaults to (1, 5, 10).
        collect_device (str): ``'cpu'`` or ``'gpu'``, by the process group.
            Defaults to ``'cpu'``.
        prefix (str, optional): Prefix of the names. Defaults to
            ``'retrieval'``.
    """

    default_prefix = 'retrieval'

    def __init__(
        self,
        topk: Sequence[int] = (1, 5, 10),
        collect_device: str = 'cpu',
        prefix: str = None,
    ) -> None:
        super().__init__(collect_device, prefix)
        self.topk = tuple(topk)

    def process(self, data_batch: Dict, data_samples: Sequence[Dict]) -> None:
        """Keep what the queries retrieved.

        Args:
            data_batch (dict): Not used.
            data_samples (sequence[dict]): Data samples with ``retrieved``.
        """
        self.results += [
            {
                stream: (found['first_hit'], found['average_precision'])
                for stream, found in sample['retrieved'].items()
            }
            for sample in data_samples
        ]

    def compute_metrics(self, results: List[Dict]) -> Dict[str, float]:
        """Average over the queries.

        Args:
            results (list[dict]): First hit and average precision by stream.
        """
        metrics = {}
        for stream in results[0]:
            first_hits, precisions = zip(*(r[stream] for r in results))
            for k in self.topk:
                found = sum(rank <= k for rank in first_hits)
                metrics[f'{stream}_recall{k}'] = found / len(results)
            metrics[f'{stream}_mAP'] = sum(precisions) / len(results)
        return metrics
