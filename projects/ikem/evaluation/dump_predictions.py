from typing import Any, Dict, List, Sequence, Tuple

import numpy as np
from mmaction.registry import METRICS
from mmengine.evaluator import BaseMetric

from projects.ikem.files import written_aside


@METRICS.register_module()
class DumpPredictions(BaseMetric):
    """Write what was predicted of each clip into an ``.npz``.

    Its arrays have an entry for each clip: ``names``, ``labels`` and
    ``scores``, of shape (N, classes); with several streams a ``scores_joint``
    for each. Of a retrieval there are ``neighbours_joint``,
    ``first_hit_joint`` and ``average_precision_joint`` for each, see
    :class:`SkeletonRetrievalTestLoop`. ``names`` and ``labels`` are there if
    data samples have a ``frame_dir`` and a ``gt_label``.

    Args:
        out_file_path (str): The file to write, named such as ``joint.npz``. It
            is whole or absent.
        collect_device (str): ``'cpu'`` or ``'gpu'``, by the process group.
            Defaults to ``'cpu'``.

    Raises:
        ValueError: If the name does not end with ``.npz``.
    """

    def __init__(self, out_file_path: str, collect_device: str = 'cpu'):
        super().__init__(collect_device)
        if not out_file_path.endswith('.npz'):
            raise ValueError(
                f'predictions are written as .npz, not as {out_file_path}'
            )
        self.out_file_path = out_file_path

    def process(self, data_batch: Dict, data_samples: Sequence[Dict]) -> None:
        """Keep what is written of the clips of a batch.

        Args:
            data_batch (dict): Not used.
            data_samples (sequence[dict]): Their data samples.
        """
        self.results += [_row(sample) for sample in data_samples]

    def compute_metrics(self, results: List[Dict]) -> Dict:
        """Write the predictions.

        Args:
            results (list[dict]): Values of each clip by name of the array.

        Raises:
            OSError: If they cannot be written; names the file.
        """
        arrays = {
            name: np.array([row[name] for row in results])
            for name in results[0]
        }
        with written_aside(self.out_file_path) as path:
            np.savez(path, **arrays)
        return {}


def _row(sample: Dict) -> Dict[str, Any]:
    """What is written of a clip, by name of the array."""
    row = {}
    if 'frame_dir' in sample:
        row['names'] = sample['frame_dir']
    if 'gt_label' in sample:
        row['labels'] = sample['gt_label'].squeeze().cpu().numpy()
    scores = sample.get('pred_score', {})
    for stream, score in _by_stream(scores):
        row[f'scores{stream}'] = score.float().cpu().numpy()
    for stream, found in _by_stream(sample.get('retrieved', {})):
        row.update({f'{name}{stream}': x for name, x in found.items()})
    return row


def _by_stream(values: Any) -> List[Tuple[str, Any]]:
    """Ending of a name and value, of each stream or of one alone."""
    if not isinstance(values, dict):
        return [('', values)]
    return [(f'_{stream}', value) for stream, value in values.items()]
