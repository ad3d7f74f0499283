"""The toolbox's confusion matrix for predictions of several streams."""

from typing import Any, Sequence

from mmaction.evaluation import ConfusionMatrix as _ConfusionMatrix
from mmaction.registry import METRICS


@METRICS.register_module(name='ConfusionMatrix', force=True)
class ConfusionMatrix(_ConfusionMatrix):
    """Confusion matrix of one stream of a prediction.

    It takes the place of the toolbox's metric of that name, which fails where
    ``pred_score`` is a dict by stream, and is that metric elsewhere.

    Args:
        stream (str, optional): Stream to take. Defaults to ``'fused'``, or
            the only one.
        **kwargs: Arguments of the toolbox's ``ConfusionMatrix``.
    """

    def __init__(self, stream: str = 'fused', **kwargs) -> None:
        super().__init__(**kwargs)
        self.stream = stream

    def process(self, data_batch: Any, data_samples: Sequence[dict]) -> None:
        """Take the predictions of a batch.

        Raises:
            ValueError: If there is no such stream.
        """
        super().process(data_batch, [self._of_stream(s) for s in data_samples])

    def _of_stream(self, data_sample: dict) -> dict:
        scores = data_sample.get('pred_score')
        if not isinstance(scores, dict):
            return data_sample
        stream = self.stream
        if stream == 'fused' and len(scores) == 1:
            (stream,) = scores
        if stream not in scores:
            raise ValueError(
                f'there is no stream {stream!r}: set stream of '
                f'ConfusionMatrix to one of {list(scores)}'
            )
        return {**data_sample, 'pred_score': scores[stream]}
