"""One modality instead of the joints, for single-stream recognition."""

from typing import Dict, Union

import numpy as np
import torch
from mmaction.registry import TRANSFORMS
from mmcv.transforms import BaseTransform

from projects.ikem.models.modalities import MODALITIES, derive_modalities
from projects.ikem.skeletons import get_layout

from .views import get_views


@TRANSFORMS.register_module()
class GenModality(BaseTransform):
    """Replace the joints by a modality that is derived from them.

    It goes right before :class:`PackSkeleton`, or the toolbox's
    ``FormatGCNInput``, where the clips are as the model gets them. Each view
    is taken on its own, and each of the clips that the toolbox's sampling
    leaves one after the other. An absent person (all zeros) stays exactly
    zero.

    Required Keys:

        - keypoint (np.ndarray): Joints of shape (M, num_clips * T, V, 3) or
          (views, M, T, V, 3).
        - num_clips (int, optional): Number of clips. 1 by default.
        - time_scale (float, optional): gamma, raw frames per frame, by which
          differences in time are divided. 1 by default.

    Modified Keys:

        - keypoint: In single precision if it had half.
        - modality_of_keypoint (str): The modality.

    Args:
        modality (str): Name of the modality, one of ``MODALITIES``.
        layout (str | dict): Skeleton layout. Defaults to ``'ntu-25'``.

    Raises:
        ValueError: If the modality is unknown, the keypoints fit neither the
            layout nor the number of clips, or are no joints any more.
    """

    def __init__(
        self, modality: str, layout: Union[str, dict] = 'ntu-25'
    ) -> None:
        if modality not in MODALITIES:
            raise ValueError(
                f'unknown modality {modality!r}: choose from '
                f'{list(MODALITIES)}'
            )
        self.modality = modality
        self.layout = get_layout(layout)

    def transform(self, results: Dict) -> Dict:
        """Derive the modality.

        Args:
            results (dict): The result dict.

        Returns:
            dict: The result dict.
        """
        x = results['keypoint']
        if 'j' in results or 'modality_of_keypoint' in results:
            made = results.get(
                'modality_of_keypoint', "the toolbox's features"
            )
            raise ValueError(
                f'GenModality derives {self.modality!r} from joints, but '
                f'keypoint of clip {results.get("frame_dir")!r} holds {made}: '
                'take GenSkeFeat, or another GenModality, out of the pipeline'
            )
        # a copy, since keypoint may be a read-only view of a file
        joints = torch.tensor(
            get_views(results),
            dtype=torch.float64 if x.dtype == np.float64 else torch.float32,
        )  # (views, M, T, V, 3)
        gamma = float(results.get('time_scale', 1))
        time_scale = joints.new_full((len(joints),), gamma)
        derived = derive_modalities(
            joints, [self.modality], self.layout, time_scale
        )[self.modality]
        if x.ndim == 4:  # as it was
            derived = torch.cat(list(derived), dim=1)
        results['keypoint'] = derived.numpy()
        results['modality_of_keypoint'] = self.modality
        return results

    def __repr__(self) -> str:
        return (
            f'{self.__class__.__name__}(modality={self.modality!r}, '
            f'layout={self.layout.name!r})'
        )
