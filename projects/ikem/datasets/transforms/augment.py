"""The random augmentation of the method family: crop, then shear."""

from typing import Dict

import numpy as np
from mmaction.registry import TRANSFORMS
from mmcv.transforms import BaseTransform

from .clip_functions import linear
from .views import get_clip


def get_rng(results: Dict) -> np.random.Generator:
    """The generator that random transforms of this sample draw from.

    Datasets that set ``rng_key`` (:class:`SkeletonDataset`) make augmentation
    a function of that key alone, whatever worker runs it. Without one, the
    generator is seeded from numpy's global state.

    Args:
        results (dict): The result dict; the generator is kept in its ``rng``.

    Returns:
        np.random.Generator: The generator of this sample and view.
    """
    if 'rng' not in results:
        key = results.get('rng_key')
        if key is None:
            key = np.random.randint(2**32, size=4, dtype=np.uint32)
        results['rng'] = np.random.default_rng(key)
    return results['rng']


@TRANSFORMS.register_module()
class RandomTemporalCrop(BaseTransform):
    """Pad the clip in time by its mirror image and crop it back to T frames.

    ``T // ratio`` frames are padded at each end with the edge frame repeated
    (numpy's ``'symmetric'``); the start is uniform over all positions.

    Required Keys:

        - keypoint (np.ndarray): Joints of shape (M, T, V, C).
        - rng_key (tuple[int], optional): Key of the random generator.

    Modified Keys:

        - keypoint

    Args:
        ratio (int): T divided by the frames padded at each end.
            Defaults to 6.
    """

    def __init__(self, ratio: int = 6) -> None:
        if ratio < 1:
            raise ValueError(f'ratio must be at least 1, got {ratio}')
        self.ratio = ratio

    def transform(self, results: Dict) -> Dict:
        """Crop the clip.

        Args:
            results (dict): The result dict.

        Returns:
            dict: The result dict.
        """
        x = get_clip(results, 'RandomTemporalCrop')
        num_frames = x.shape[1]
        pad = num_frames // self.ratio
        start = get_rng(results).integers(2 * pad, endpoint=True)
        # of the padded clip; numpy.pad takes longer than all the rest
        frames = np.arange(start - pad, start - pad + num_frames)
        frames = np.where(frames < 0, -1 - frames, frames)
        frames = np.minimum(frames, 2 * num_frames - 1 - frames)
        results['keypoint'] = x[:, frames]
        return results

    def __repr__(self) -> str:
        return f'{self.__class__.__name__}(ratio={self.ratio})'


@TRANSFORMS.register_module()
class RandomShear(BaseTransform):
    """Shear all joints of a clip by one random matrix, ``x' = R x``.

    R has a unit diagonal and off-diagonal entries
    U(-amplitude, amplitude).

    Required Keys:

        - keypoint (np.ndarray): Joints of shape (M, T, V, C).
        - rng_key (tuple[int], optional): Key of the random generator.

    Modified Keys:

        - keypoint

    Args:
        amplitude (float): Largest shear. Defaults to 0.5.
    """

    def __init__(self, amplitude: float = 0.5) -> None:
        self.amplitude = amplitude

    def transform(self, results: Dict) -> Dict:
        """Shear the clip.

        Args:
            results (dict): The result dict.

        Returns:
            dict: The result dict.
        """
        x = get_clip(results, 'RandomShear')
        c = x.shape[-1]
        R = get_rng(results).uniform(
            -self.amplitude, self.amplitude, size=(c, c)
        )
        np.fill_diagonal(R, 1)
        results['keypoint'] = linear(x, R)
        return results

    def __repr__(self) -> str:
        return f'{self.__class__.__name__}(amplitude={self.amplitude})'
