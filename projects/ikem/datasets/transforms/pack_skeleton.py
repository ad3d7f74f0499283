"""The last transform of a pipeline: tensors and a data sample."""

from typing import Dict, Optional, Sequence

import numpy as np
import torch
from mmaction.datasets.transforms import PackActionInputs
from mmaction.registry import TRANSFORMS

from .views import get_views


@TRANSFORMS.register_module()
class PackSkeleton(PackActionInputs):
    """Pack the joints of all views and a data sample.

    It takes the place of ``FormatGCNInput``, which cuts persons off silently,
    and of ``PackActionInputs``.

    Required Keys:

        - keypoint (np.ndarray): Joints of shape (views, M, T, V, C), as
          :class:`MultiView` leaves them, or of one clip, (M, T, V, C).
        - num_clips (int, optional): Number of clips that the toolbox's
          sampling left one after the other in (M, num_clips * T, V, C). They
          become the views. 1 by default.
        - label (int, optional): Class of the clip.
        - persons (np.ndarray, optional): Who is there, of shape (M, ).
        - frame_dir, time_scale (optional), and the other keys that
          ``meta_keys`` and ``algorithm_keys`` name.

    Added Keys, in place of all others:

        - inputs (Tensor): Joints of shape (views, M, T, V, C), float32.
        - data_samples (ActionDataSample): Label, metainfo and fields.

    Args:
        num_persons (int, optional): M; clips of fewer persons are padded
            with zeros. Defaults to None, the persons of each clip.
        meta_keys (sequence[str]): Keys that become metainfo of the data
            sample. Defaults to ``('frame_dir', )``.
        algorithm_keys (sequence[str]): Keys that become fields of the data
            sample. Defaults to ``('time_scale', 'persons')``.

    Raises:
        ValueError: If a clip has more than ``num_persons`` persons, or
            ``keypoint`` another number of dimensions.
    """

    def __init__(
        self,
        num_persons: Optional[int] = None,
        meta_keys: Sequence[str] = ('frame_dir',),
        algorithm_keys: Sequence[str] = ('time_scale', 'persons'),
    ) -> None:
        super().__init__(meta_keys=meta_keys, algorithm_keys=algorithm_keys)
        if num_persons is not None and num_persons < 1:
            raise ValueError(
                f'num_persons must be at least 1, got {num_persons}'
            )
        self.num_persons = num_persons

    def transform(self, results: Dict) -> Dict:
        """Pack the clip.

        Args:
            results (dict): The result dict.

        Returns:
            dict: ``inputs`` and ``data_samples``.
        """
        x = get_views(results)
        if self.num_persons is not None:
            x = self._pad(x, results.get('frame_dir'))
        # a copy where the array is a read-only view of a file
        x = np.require(x, np.float32, ['C', 'W'])
        results = dict(results, keypoint=x)
        if 'persons' in results:  # padded ones are absent
            persons = np.asarray(results['persons'])
            padding = max(0, x.shape[1] - len(persons))
            results['persons'] = torch.from_numpy(
                np.pad(persons, (0, padding))
            )
        packed = super().transform(results)
        packed['inputs'] = torch.from_numpy(x)  # even where there are images
        return packed

    def _pad(self, x: np.ndarray, frame_dir: Optional[str]) -> np.ndarray:
        missing = self.num_persons - x.shape[1]
        if missing < 0:
            raise ValueError(
                f'clip {frame_dir!r} has {x.shape[1]} persons, PackSkeleton '
                f'would keep {self.num_persons}: set num_persons='
                f'{x.shape[1]} of PackSkeleton, or leave it out'
            )
        return np.pad(x, [(0, 0), (0, missing), (0, 0), (0, 0), (0, 0)])

    def __repr__(self) -> str:
        return (
            f'{self.__class__.__name__}(num_persons={self.num_persons}, '
            f'meta_keys={self.meta_keys}, '
            f'algorithm_keys={self.algorithm_keys})'
        )
