"""Several augmented views of one clip."""

from typing import Callable, Dict, List, Sequence, Union

import numpy as np
from mmaction.registry import TRANSFORMS
from mmcv.transforms import BaseTransform
from mmengine.dataset import Compose

from .views import get_clip

Pipeline = List[Union[dict, Callable]]


@TRANSFORMS.register_module()
class MultiView(BaseTransform):
    """Draw several views of a clip, each by its own run of the transforms.

    Required Keys:

        - keypoint (np.ndarray): Joints of shape (M, T, V, C).
        - rng_key (tuple[int], optional): Key of the random generator; each
          view i, counted over all pipelines, draws from ``(*rng_key, i +
          1)``, since a trailing 0 would give the draws of ``rng_key``
          itself.

    Modified Keys:

        - keypoint: (views, M, T, V, C). End the pipeline with
          :class:`PackSkeleton`.

    Only ``keypoint`` is kept of each view.

    Args:
        transforms (list[dict | callable] | list[list]): The transforms of a
            view, or, with several pipelines, a list of them for each.
        num_views (int | list[int]): Number of views; with several pipelines
            the number of each, such as ``[2, 1]``. Defaults to 2.

    Raises:
        ValueError: If a number of views is below 1 or there is not one per
            pipeline; when called, if the views differ in shape.
    """

    def __init__(
        self,
        transforms: Union[Pipeline, List[Pipeline]],
        num_views: Union[int, Sequence[int]] = 2,
    ) -> None:
        if isinstance(num_views, int):
            transforms, num_views = [transforms], [num_views]
        if len(transforms) != len(num_views) or min(num_views, default=0) < 1:
            raise ValueError(
                'num_views must be at least 1, for each of the '
                f'{len(transforms)} pipelines, got {list(num_views)}'
            )
        self.pipelines = [Compose(pipeline) for pipeline in transforms]
        self.num_views = list(num_views)

    def transform(self, results: Dict) -> Dict:
        """Draw the views.

        Args:
            results (dict): The result dict.

        Returns:
            dict: The result dict.
        """
        x = get_clip(results, 'MultiView')
        views = []
        for pipeline, num_views in zip(self.pipelines, self.num_views):
            for _ in range(num_views):
                view = {k: v for k, v in results.items() if k != 'rng'}
                # some of the toolbox's transforms work in place
                view['keypoint'] = x.copy()
                if 'rng_key' in view:
                    view['rng_key'] = (*view['rng_key'], len(views) + 1)
                view = pipeline(view)
                if view.get('num_clips', 1) != 1:
                    raise ValueError(
                        'a view of MultiView is one clip, got '
                        f'{view["num_clips"]} one after the other: set '
                        'num_clips=1 of the sampling'
                    )
                views.append(view['keypoint'])
        shapes = {view.shape for view in views}
        if len(shapes) > 1:
            raise ValueError(
                f'the views of a clip must have one shape, got {shapes}: end '
                'the transforms of MultiView with one of a fixed length'
            )
        results['keypoint'] = np.stack(views)
        return results

    def __repr__(self) -> str:
        return (
            f'{self.__class__.__name__}(transforms={self.pipelines}, '
            f'num_views={self.num_views})'
        )
