"""Strong augmentations of a clip, as AimCLR and ActCLR draw them.

`Contrastive Learning from Extremely Augmented Skeleton Sequences
<https://arxiv.org/abs/2112.03590>`_ (AimCLR) and "Actionlet-Dependent
Contrastive Learning for Unsupervised Skeleton-Based Action Recognition"
(ActCLR, CVPR 2023). All frames, joints and persons of a clip share its draws.
The formulas are in ``clip_functions.py``.
"""

from typing import Dict, Optional, Sequence, Union

import numpy as np
from mmaction.registry import TRANSFORMS
from mmcv.transforms import BaseTransform

from projects.ikem.skeletons import SkeletonLayout, get_layout

from . import clip_functions
from .augment import get_rng
from .views import get_clip


class RandomClipTransform(BaseTransform):
    """A random transform of one clip, which defines :meth:`augment`.

    Args:
        prob (float): Probability that a clip is changed.

    Raises:
        ValueError: If it is not between 0 and 1; when called, if
            ``keypoint`` is not one clip.
    """

    def __init__(self, prob: float) -> None:
        if not 0 <= prob <= 1:
            raise ValueError(
                f'prob of {type(self).__name__} is a probability from 0 to '
                f'1, got {prob!r}'
            )
        self.prob = prob

    def augment(self, x: np.ndarray, rng: np.random.Generator) -> np.ndarray:
        """Draw from rng and change a clip (M, T, V, C), in a copy."""
        raise NotImplementedError

    def transform(self, results: Dict) -> Dict:
        """Change the clip, or do not.

        Args:
            results (dict): The result dict.

        Returns:
            dict: The result dict.
        """
        x = get_clip(results, type(self).__name__)
        rng = get_rng(results)
        if rng.random() < self.prob:
            results['keypoint'] = self.augment(x, rng)
        return results

    def __repr__(self) -> str:
        # a layout by its name
        given = {
            k: getattr(v, 'name', v)
            for k, v in vars(self).items()
            if not k.startswith('_')
        }
        args = ', '.join(f'{k}={v!r}' for k, v in given.items())
        return f'{self.__class__.__name__}({args})'


class RandomLayoutTransform(RandomClipTransform):
    """A random transform that needs the layout of a skeleton.

    Args:
        prob (float): Probability that a clip is changed.
        layout (str | dict, optional): The layout. Defaults to that of the
            clip, which :class:`SkeletonDataset` says, else ``'ntu-25'``.

    Raises:
        ValueError: If the layout lacks what is needed; when called, also if
            the clip has another number of joints.
    """

    def __init__(
        self, prob: float, layout: Optional[Union[str, dict]]
    ) -> None:
        super().__init__(prob)
        self.layout = None
        if layout is not None:
            self.layout = self.checked(layout)
        self._of_clips = None, None  # the last one that a clip said

    def checked(self, layout: Union[str, dict]) -> SkeletonLayout:
        """The layout, if it has what is needed."""
        return get_layout(layout)

    def augment_skeleton(
        self,
        x: np.ndarray,
        rng: np.random.Generator,
        layout: SkeletonLayout,
    ) -> np.ndarray:
        """Draw from rng and change a clip (M, T, V, C), in a copy."""
        raise NotImplementedError

    def transform(self, results: Dict) -> Dict:
        """Change the clip, or do not.

        Args:
            results (dict): The result dict.

        Returns:
            dict: The result dict.
        """
        layout = self.layout or self._layout_of(results)
        x = get_clip(results, type(self).__name__)
        if x.shape[-2] != layout.num_joints:
            raise ValueError(
                f'{type(self).__name__} has the layout {layout.name!r} of '
                f'{layout.num_joints} joints, got keypoint of shape '
                f'{x.shape}: set its `layout` to that of the data'
            )
        rng = get_rng(results)
        if rng.random() < self.prob:
            results['keypoint'] = self.augment_skeleton(x, rng, layout)
        return results

    def _layout_of(self, results: Dict) -> SkeletonLayout:
        said = results.get('layout', 'ntu-25')
        if self._of_clips[0] != said:
            self._of_clips = said, self.checked(said)
        return self._of_clips[1]


@TRANSFORMS.register_module()
class RandomJointFlip(RandomLayoutTransform):
    """Let the joints of left and right change places.

    Required Keys:

        - keypoint (np.ndarray): Joints of shape (M, T, V, C).
        - rng_key (tuple[int], optional): Key of the random generator.

    Modified Keys:

        - keypoint

    Args:
        prob (float): Probability of a flip. Defaults to 0.5.
        layout (str | dict, optional): Skeleton layout, whose ``mirror`` is
            used. Defaults to that of the clip.
        coordinates (bool): Whether x, which points from one shoulder to the
            other once they are aligned, is negated too: the mirror image of
            the person. Defaults to False, as in AimCLR.

    Raises:
        ValueError: If the layout has no mirror; when called, if the clip has
            another number of joints.
    """

    def __init__(
        self,
        prob: float = 0.5,
        layout: Optional[Union[str, dict]] = None,
        coordinates: bool = False,
    ) -> None:
        super().__init__(prob, layout)
        self.coordinates = coordinates

    def checked(self, layout: Union[str, dict]) -> SkeletonLayout:
        """The layout, if it has a mirror."""
        layout = get_layout(layout)
        layout.require('mirror')
        return layout

    def augment_skeleton(
        self,
        x: np.ndarray,
        rng: np.random.Generator,
        layout: SkeletonLayout,
    ) -> np.ndarray:
        """Flip a clip."""
        axis = 0 if self.coordinates else None
        return clip_functions.flip_joints(x, layout.mirror, axis)


@TRANSFORMS.register_module()
class RandomRotation(RandomClipTransform):
    """Rotate the clip about x, y and z, mainly about one of them.

    The main axis is uniform; its angle is U(0, max_degrees), those of the
    others U(0, other_degrees).

    Required Keys:

        - keypoint (np.ndarray): Joints of shape (M, T, V, 3).
        - rng_key (tuple[int], optional): Key of the random generator.

    Modified Keys:

        - keypoint

    Args:
        max_degrees (float): Largest angle about the main axis, in degrees.
            Defaults to 30.
        other_degrees (float): Largest angle about the others. Defaults to 1.
        prob (float): Probability of a rotation. Defaults to 1.

    Raises:
        ValueError: When called, if joints do not have three coordinates.
    """

    def __init__(
        self,
        max_degrees: float = 30,
        other_degrees: float = 1,
        prob: float = 1.0,
    ) -> None:
        super().__init__(prob)
        self.max_degrees = max_degrees
        self.other_degrees = other_degrees

    def augment(self, x: np.ndarray, rng: np.random.Generator) -> np.ndarray:
        """Rotate a clip."""
        if x.shape[-1] != 3:
            raise ValueError(
                'RandomRotation needs 3 coordinates a joint, got keypoint of '
                f'shape {x.shape}: take it out of the pipeline'
            )
        largest = np.full(3, self.other_degrees, float)
        largest[rng.integers(3)] = self.max_degrees
        return clip_functions.rotate(x, rng.uniform(0, largest))


@TRANSFORMS.register_module()
class RandomGaussianNoise(RandomClipTransform):
    """Add ``N(0, sigma^2)`` to each coordinate, each a draw of its own.

    Required Keys:

        - keypoint (np.ndarray): Joints of shape (M, T, V, C).
        - rng_key (tuple[int], optional): Key of the random generator.

    Modified Keys:

        - keypoint

    Args:
        prob (float): Probability of noise. Defaults to 0.5.
        sigma (float): Its standard deviation, in the unit of the joints.
            Defaults to 0.01.
        keep_zero (bool): Whether a person stays zero in those frames in which
            all joints are, that is, where nobody is. Defaults to False, as in
            AimCLR.
    """

    def __init__(
        self, prob: float = 0.5, sigma: float = 0.01, keep_zero: bool = False
    ) -> None:
        super().__init__(prob)
        self.sigma = sigma
        self.keep_zero = keep_zero

    def augment(self, x: np.ndarray, rng: np.random.Generator) -> np.ndarray:
        """Add noise to a clip."""
        e = rng.normal(scale=self.sigma, size=x.shape).astype(x.dtype)
        if self.keep_zero:
            e *= x.any((-2, -1), keepdims=True)
        return x + e


@TRANSFORMS.register_module()
class RandomTemporalFilter(RandomClipTransform):
    """Smooth the clip in time by a Gaussian of random width.

    Required Keys:

        - keypoint (np.ndarray): Joints of shape (M, T, V, C).
        - rng_key (tuple[int], optional): Key of the random generator.

    Modified Keys:

        - keypoint

    Args:
        prob (float): Probability of a filter. Defaults to 0.5.
        sigma (tuple[float, float]): Smallest and largest standard deviation,
            in frames. Defaults to (0.1, 2).
        radius (int): Frames to each side that count. Defaults to 7.
        normalised (bool): Whether the weights sum to 1. Defaults to False,
            as in AimCLR, where the filter enlarges the clip too.

    Raises:
        ValueError: If sigma is not positive or not in order.
    """

    def __init__(
        self,
        prob: float = 0.5,
        sigma: Sequence[float] = (0.1, 2.0),
        radius: int = 7,
        normalised: bool = False,
    ) -> None:
        super().__init__(prob)
        self.sigma = _range(sigma, 'sigma of RandomTemporalFilter')
        self.radius = radius
        self.normalised = normalised

    def augment(self, x: np.ndarray, rng: np.random.Generator) -> np.ndarray:
        """Filter a clip."""
        return clip_functions.gaussian_filter(
            x, rng.uniform(*self.sigma), self.radius, self.normalised
        )


@TRANSFORMS.register_module()
class RandomAxisMask(RandomClipTransform):
    """Set one coordinate of all joints to 0, uniform over the coordinates.

    Required Keys:

        - keypoint (np.ndarray): Joints of shape (M, T, V, C).
        - rng_key (tuple[int], optional): Key of the random generator.

    Modified Keys:

        - keypoint

    Args:
        prob (float): Probability of a mask. Defaults to 0.5.
    """

    def __init__(self, prob: float = 0.5) -> None:
        super().__init__(prob)

    def augment(self, x: np.ndarray, rng: np.random.Generator) -> np.ndarray:
        """Mask a coordinate of a clip."""
        return clip_functions.mask_axis(x, rng.integers(x.shape[-1]))


@TRANSFORMS.register_module()
class RandomTimeFlip(RandomClipTransform):
    """Play the clip backwards.

    Required Keys:

        - keypoint (np.ndarray): Joints of shape (M, T, V, C).
        - rng_key (tuple[int], optional): Key of the random generator.

    Modified Keys:

        - keypoint

    Args:
        prob (float): Probability of a flip. Defaults to 0.5.
    """

    def __init__(self, prob: float = 0.5) -> None:
        super().__init__(prob)

    def augment(self, x: np.ndarray, rng: np.random.Generator) -> np.ndarray:
        """Reverse a clip."""
        return x[:, ::-1].copy()


@TRANSFORMS.register_module()
class RandomResample(RandomClipTransform):
    """Play the clip slower or faster.

    The T frames are resampled to ``floor(T U(ratio))`` by linear
    interpolation; the first T of these are kept, those that lack are zero.
    ``time_scale`` stays as it is, so that velocities change.

    Required Keys:

        - keypoint (np.ndarray): Joints of shape (M, T, V, C).
        - rng_key (tuple[int], optional): Key of the random generator.

    Modified Keys:

        - keypoint

    Args:
        prob (float): Probability of another speed. Defaults to 0.5.
        ratio (tuple[float, float]): Smallest and largest number of frames
            per frame. Defaults to (0.5, 1.5).

    Raises:
        ValueError: If a ratio is not positive or they are not in order.
    """

    def __init__(
        self, prob: float = 0.5, ratio: Sequence[float] = (0.5, 1.5)
    ) -> None:
        super().__init__(prob)
        self.ratio = _range(ratio, 'ratio of RandomResample')

    def augment(self, x: np.ndarray, rng: np.random.Generator) -> np.ndarray:
        """Resample a clip."""
        length = int(x.shape[1] * rng.uniform(*self.ratio))
        return clip_functions.change_speed(x, max(length, 1))


@TRANSFORMS.register_module()
class RandomBoneRescale(RandomLayoutTransform):
    """Rescale each bone by a random factor, from the root outwards.

    One factor per bone, drawn in the order of the joints, holds for all
    frames and persons. Directions of bones stay.

    Required Keys:

        - keypoint (np.ndarray): Joints of shape (M, T, V, C).
        - rng_key (tuple[int], optional): Key of the random generator.

    Modified Keys:

        - keypoint

    Args:
        layout (str | dict, optional): Skeleton layout, whose bones are
            rescaled. Defaults to that of the clip.
        scale (tuple[float, float]): Smallest and largest factor. Defaults to
            (0, 0.5), as in ActCLR.
        prob (float): Probability of other bones. Defaults to 1.

    Raises:
        ValueError: If the factors are negative or not in order; when called,
            if the clip has another number of joints.
    """

    def __init__(
        self,
        layout: Optional[Union[str, dict]] = None,
        scale: Sequence[float] = (0.0, 0.5),
        prob: float = 1.0,
    ) -> None:
        super().__init__(prob, layout)
        self.scale = _range(scale, 'scale of RandomBoneRescale', zero=True)

    def augment_skeleton(
        self,
        x: np.ndarray,
        rng: np.random.Generator,
        layout: SkeletonLayout,
    ) -> np.ndarray:
        """Rescale the bones of a clip."""
        scale = rng.uniform(*self.scale, size=layout.num_joints)
        return clip_functions.rescale_bones(x, scale, layout)


def _range(values: Sequence[float], name: str, zero: bool = False) -> tuple:
    low, high = values
    if not (0 <= low <= high if zero else 0 < low <= high):
        raise ValueError(
            f'{name} is a smallest and a largest number, both '
            f'{"at least" if zero else "above"} 0, got {values!r}'
        )
    return low, high
