"""The deterministic preprocessing of the method family (CrosSCLR, IKEM)."""

from typing import Dict, Union

import numpy as np
from mmaction.registry import TRANSFORMS
from mmcv.transforms import BaseTransform

from projects.ikem.skeletons import get_layout

from ..frames import frame_counts
from ..prepared_checks import check_clip
from .clip_functions import resize_frames
from .views import get_clip

UP_AXES = ('x', '-x', 'y', '-y', 'z', '-z')


@TRANSFORMS.register_module()
class WorldFrame(BaseTransform):
    """Turn joints so that y points upwards, and scale them to metres.

    Required Keys:

        - keypoint (np.ndarray): Joints of shape (M, T, V, 3).

    Modified Keys:

        - keypoint

    Args:
        up (str): Axis that points upwards, ``'x'``, ``'y'`` or ``'z'``, with
            a minus where it points downwards. Defaults to ``'y'``.
        scale (float): Metres per unit of the joints. Defaults to 1.

    Raises:
        ValueError: If there is no such axis, or the scale is not positive.
    """

    def __init__(self, up: str = 'y', scale: float = 1.0) -> None:
        if up not in UP_AXES:
            raise ValueError(f'up is one of {UP_AXES}, got {up!r}')
        if not 0 < scale < float('inf'):
            raise ValueError(f'scale must be positive, got {scale}')
        self.up, self.scale = up, scale
        y = 'xyz'.index(up[-1])
        # x, y, z in the order that the quarter turn leaves, a rotation
        self.axes = [y - 1, y, (y + 1) % 3]
        self.sign = -1 if up[0] == '-' else 1

    def transform(self, results: Dict) -> Dict:
        """Turn and scale the clip.

        Args:
            results (dict): The result dict.

        Returns:
            dict: The result dict.
        """
        x = get_clip(results, 'WorldFrame')[..., self.axes]
        # upside down is half a turn about the first axis
        sign = np.array((1, self.sign, self.sign), x.dtype)
        results['keypoint'] = x * (sign * x.dtype.type(self.scale))
        return results

    def __repr__(self) -> str:
        return f'{self.__class__.__name__}(up={self.up!r}, scale={self.scale})'


@TRANSFORMS.register_module()
class CenterJoint(BaseTransform):
    """Centre each person of each frame on one joint.

    An absent person (all zeros) stays exactly zero.

    Required Keys:

        - keypoint (np.ndarray): Joints of shape (M, T, V, C).

    Modified Keys:

        - keypoint

    Args:
        layout (str | dict): Skeleton layout, whose centre joint is used.
            Defaults to ``'ntu-25'``.

    Raises:
        ValueError: If a joint is not finite or all are zero, as no later
            transform would notice.
    """

    def __init__(self, layout: Union[str, dict] = 'ntu-25') -> None:
        self.layout = get_layout(layout)

    def transform(self, results: Dict) -> Dict:
        """Subtract the centre joint.

        Args:
            results (dict): The result dict.

        Returns:
            dict: The result dict.
        """
        x = get_clip(results, 'CenterJoint')
        check_clip(x, f'clip {results.get("frame_dir")!r}')
        center = self.layout.center
        results['keypoint'] = x - x[..., center : center + 1, :]
        return results

    def __repr__(self) -> str:
        return f'{self.__class__.__name__}(layout={self.layout.name!r})'


@TRANSFORMS.register_module()
class ResampleFrames(BaseTransform):
    """Resample the first ``length`` frames by linear interpolation.

    Output frame t reads input frame ``(t + 0.5) * length / num_frames - 0.5``,
    clamped at both ends.

    Required Keys:

        - keypoint (np.ndarray): Joints of shape (M, T, V, C).
        - raw_frames (int): Frames of the recording. By default
          ``total_frames``, as the toolbox's ``PoseDataset`` counts them.
        - length (int, optional): Number of leading frames to resample. By
          default the number of frames in which the first person is present.

    Modified Keys:

        - keypoint: (M, num_frames, V, C).
        - raw_frames (int): As above; resampling again does not change it.
        - num_frames, total_frames (int): num_frames.
        - time_scale (float): gamma, raw frames per resampled frame, by which
          the modalities divide differences in time. It counts all
          ``raw_frames``, not only the ``length`` ones.
        - length: Removed, since it counts the frames before.

    Args:
        num_frames (int): Frames after resampling. Defaults to 50.

    Raises:
        ValueError: If the first person is in no frame.
    """

    def __init__(self, num_frames: int = 50) -> None:
        if num_frames < 1:
            raise ValueError(
                f'num_frames must be at least 1, got {num_frames}'
            )
        self.num_frames = num_frames

    def transform(self, results: Dict) -> Dict:
        """Resample the clip in time.

        Args:
            results (dict): The result dict.

        Returns:
            dict: The result dict.
        """
        x = get_clip(results, 'ResampleFrames')
        length = results.pop('length', None)
        if length is None:
            length = int(np.any(x[0], axis=(-2, -1)).sum())
        if length < 1:
            raise ValueError(
                f'{results.get("frame_dir", "clip")}: the first person is '
                'present in no frame, nothing to resample'
            )
        results['keypoint'] = resize_frames(x[:, :length], self.num_frames)
        key = 'raw_frames' if 'raw_frames' in results else 'total_frames'
        results.update(frame_counts(results[key], self.num_frames))
        return results

    def __repr__(self) -> str:
        return f'{self.__class__.__name__}(num_frames={self.num_frames})'


@TRANSFORMS.register_module()
class AlignShoulders(BaseTransform):
    """Rotate each person about y so that the shoulders are parallel to x.

    The angle is one per frame, ``arccos(d_x / (|d| + 1e-4))`` with d the
    horizontal part of right minus left shoulder; its sign is one per person
    and clip, negative when the sum of ``d_z`` over the frames is >= 0.

    Required Keys:

        - keypoint (np.ndarray): Joints of shape (M, T, V, 3), y upwards.

    Modified Keys:

        - keypoint

    Args:
        layout (str | dict): Skeleton layout, whose shoulders are used.
            Defaults to ``'ntu-25'``.

    Raises:
        ValueError: If the joints do not have three coordinates.
    """

    def __init__(self, layout: Union[str, dict] = 'ntu-25') -> None:
        self.layout = get_layout(layout)

    def transform(self, results: Dict) -> Dict:
        """Rotate the persons.

        Args:
            results (dict): The result dict.

        Returns:
            dict: The result dict.
        """
        x = get_clip(results, 'AlignShoulders')
        if x.shape[-1] != 3:
            raise ValueError(
                'AlignShoulders rotates about y and needs 3 coordinates a '
                f'joint, got keypoint of shape {x.shape}'
            )
        left, right = self.layout.shoulders
        d = (x[:, :, right] - x[:, :, left]).astype(np.float64)  # (M, T, 3)
        norm = np.hypot(d[..., 0], d[..., 2])
        theta = np.arccos(d[..., 0] / (norm + 1e-4))
        sign = np.where(d[..., 2].sum(1, keepdims=True) >= 0, -1, 1)
        cos = np.cos(sign * theta)[..., None]  # (M, T, 1)
        sin = np.sin(sign * theta)[..., None]
        rotated = np.stack(
            (
                cos * x[..., 0] - sin * x[..., 2],
                x[..., 1],
                sin * x[..., 0] + cos * x[..., 2],
            ),
            -1,
        )
        results['keypoint'] = rotated.astype(x.dtype)
        return results

    def __repr__(self) -> str:
        return f'{self.__class__.__name__}(layout={self.layout.name!r})'
