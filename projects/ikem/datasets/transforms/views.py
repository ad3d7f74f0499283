"""Joints of a result dict: those of one clip, or of several views."""

from typing import Dict

import numpy as np


def get_clip(results: Dict, transform: str) -> np.ndarray:
    """Get the joints of one clip, (M, T, V, C).

    Args:
        results (dict): The result dict.
        transform (str): Name of the transform that needs them.

    Raises:
        ValueError: If ``keypoint`` has another number of dimensions, such as
            after :class:`MultiView`.
    """
    x = results['keypoint']
    if x.ndim != 4:
        raise ValueError(
            f'{transform} takes one clip, (persons, frames, joints, '
            f'coordinates), got keypoint of shape {x.shape} of clip '
            f'{results.get("frame_dir")!r}: put it before MultiView, or among '
            'the transforms of MultiView'
        )
    return x


def get_views(results: Dict) -> np.ndarray:
    """Get the joints of all views, (views, M, T, V, C).

    Views are those of :class:`MultiView`, or the clips that the toolbox's
    sampling leaves one after the other in time, ``num_clips`` of them.

    Args:
        results (dict): The result dict.

    Raises:
        ValueError: If ``keypoint`` has neither four nor five dimensions, or
            its frames are no ``num_clips`` clips of one length.
    """
    x = results['keypoint']
    if x.ndim == 5:
        return x
    where = f'keypoint of shape {x.shape} of clip {results.get("frame_dir")!r}'
    if x.ndim != 4:
        raise ValueError(
            f'{where} is neither (persons, frames, joints, coordinates) nor '
            '(views, persons, frames, joints, coordinates): correct the '
            'transforms before'
        )
    num_clips = results.get('num_clips', 1)
    if x.shape[1] % num_clips:
        raise ValueError(
            f'{where} holds no {num_clips} clips of one length: let nothing '
            'change the number of frames after the sampling'
        )
    return np.stack(np.split(x, num_clips, axis=1))
