"""Several augmented views of one clip."""

from typing import Callable, Dict, List, Union

import numpy as np
from mmaction.registry import TRANSFORMS
from mmcv.transforms import BaseTransform
from mmengine.dataset import Compose


@TRANSFORMS.register_module()
class MultiView(BaseTransform):
    """Draw several views of a clip, each by its own run of the transforms.

    The views follow each other in time, as the toolbox's multi-clip sampling
    leaves clips, so that ``FormatGCNInput`` turns them into
    ``(num_views, M, T, V, C)``.

    Required Keys:

        - keypoint (np.ndarray): Joints of shape (M, T, V, C).
        - rng_key (tuple[int], optional): Key of the random generator; each
          view i draws from ``(*rng_key, i + 1)``, since a trailing 0 would
          give the draws of ``rng_key`` itself.

    Modified Keys:

        - keypoint: (M, num_views * T, V, C).

    Added Keys:

        - num_clips (int): num_views.

    Args:
        transforms (list[dict | callable]): The transforms of a view.
        num_views (int): Number of views. Defaults to 2.

    Raises:
        ValueError: If the views differ in shape.
    """

    def __init__(
        self, transforms: List[Union[dict, Callable]], num_views: int = 2
    ) -> None:
        if num_views < 1:
            raise ValueError(f'num_views must be at least 1, got {num_views}')
        self.transforms = Compose(transforms)
        self.num_views = num_views

    def transform(self, results: Dict) -> Dict:
        """Draw the views.

        Args:
            results (dict): The result dict.

        Returns:
            dict: The result dict.
        """
        views = []
        for i in range(self.num_views):
            view = {k: v for k, v in results.items() if k != 'rng'}
            # some of the toolbox's transforms work in place
            view['keypoint'] = view['keypoint'].copy()
            if 'rng_key' in view:
                view['rng_key'] = (*view['rng_key'], i + 1)
            views.append(self.transforms(view)['keypoint'])
        shapes = {view.shape for view in views}
        if len(shapes) > 1:
            raise ValueError(
                f'the views of a clip must have one shape, got {shapes}: end '
                'the transforms of MultiView with one of a fixed length'
            )
        results['keypoint'] = np.concatenate(views, axis=1)
        results['num_clips'] = self.num_views
        return results

    def __repr__(self) -> str:
        return (
            f'{self.__class__.__name__}(transforms={self.transforms}, '
            f'num_views={self.num_views})'
        )
