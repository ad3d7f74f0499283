from typing import Dict, Sequence

from mmengine.registry import FUNCTIONS
from torch.utils.data import default_collate


@FUNCTIONS.register_module()
def stack_collate(batch: Sequence[Dict]) -> Dict:
    """Stack a batch in the worker that read it.

    Workers hand tensors over one by one, at a cost that exceeds that of
    reading a clip; ``pseudo_collate`` leaves two a clip, here there is one a
    field.

    Args:
        batch (sequence[dict]): N samples of :class:`PackSkeleton`.

    Returns:
        dict: ``inputs``, of shape (N, ...), and ``data_samples``, a dict with
        the fields of the data samples: tensors and numbers as one tensor,
        such as ``time_scale`` of shape (N, ) and ``gt_label`` of shape
        (N, 1), strings as a list, such as ``frame_dir``.

    Raises:
        RuntimeError: If clips differ in shape.
    """
    return default_collate(
        [
            dict(
                inputs=sample['inputs'],
                data_samples=sample['data_samples'].to_dict(),
            )
            for sample in batch
        ]
    )
