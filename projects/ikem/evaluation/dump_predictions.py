from typing import Dict, List

import mmengine
from mmaction.registry import METRICS
from mmengine.evaluator import DumpResults

from projects.ikem.files import written_aside


@METRICS.register_module()
class DumpPredictions(DumpResults):
    """mmengine's ``DumpResults``, whose file is whole or absent.

    Args:
        out_file_path (str): The pickle to write.
    """

    def compute_metrics(self, results: List) -> Dict:
        """Write the predictions.

        Args:
            results (list[dict]): A dict of each sample.

        Raises:
            OSError: If they cannot be written; names the file.
        """
        with written_aside(self.out_file_path) as path:
            mmengine.dump(results, str(path))
        return {}
