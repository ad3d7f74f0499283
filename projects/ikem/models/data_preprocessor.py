from typing import Dict, Optional, Sequence, Union

import torch
from mmaction.registry import MODELS
from mmengine.model import BaseDataPreprocessor
from torch import Tensor

from projects.ikem.skeletons import get_layout

from .modalities import MODALITIES, derive_modalities, raw_rotation_axis
from .persons import PERSONS

# what inputs have beside the modalities with keep_joints
JOINTS, TIME_SCALE = 'joints', 'time_scale'


@MODELS.register_module()
class ModalityDataPreprocessor(BaseDataPreprocessor):
    """Move joints to the device and derive the modalities there.

    Takes joints of shape (V, M, T, J, 3) a sample - V views (clips), J joints
    - and returns ``inputs`` as ``{modality: (N, V, M, T, J, 3)}``.

    Args:
        modalities (sequence[str]): Names of the modalities, see
            ``models/modalities.py``. Defaults to ``('joint', )``.
        layout (str | dict): Skeleton layout. Defaults to ``'ntu-25'``.
        use_time_scale (bool): Whether differences in time are divided by the
            ``time_scale`` of the data samples; the released three-modality
            model does without. Defaults to True.
        rotation_axis (str): ``'unit'`` (Eq. 4) or ``'raw'``, the product that
            is not normalised, as in the released code. Defaults to
            ``'unit'``.
        keep_joints (bool): Whether ``inputs`` also has the joints themselves
            and their ``time_scale``, of shape (N, V), for algorithms that
            transform the joints of a batch and :meth:`derive` again. Defaults
            to False.
        skip_absent (bool): Whether persons who are absent, by the ``persons``
            of the data samples, are left out of the encoders and of the
            statistics of their norms; a feature is then the mean over those
            who are there. ``inputs`` also has ``persons``, booleans of shape
            (N, V, M) on the CPU. False is the released code's way, in which
            an absent person is one whose joints are zero. Defaults to False.
        non_blocking (bool): Whether transfers to the device do not block.
            Defaults to True.

    Raises:
        ValueError: If a modality is unknown.
    """

    def __init__(
        self,
        modalities: Sequence[str] = ('joint',),
        layout: Union[str, dict] = 'ntu-25',
        use_time_scale: bool = True,
        rotation_axis: str = 'unit',
        keep_joints: bool = False,
        skip_absent: bool = False,
        non_blocking: bool = True,
    ) -> None:
        super().__init__(non_blocking=non_blocking)
        if rotation_axis not in ('unit', 'raw'):
            raise ValueError(
                f"rotation_axis is 'unit' or 'raw', got {rotation_axis!r}"
            )
        self.functions = dict(MODALITIES)
        if rotation_axis == 'raw':
            self.functions['rotation_axis'] = raw_rotation_axis
        if isinstance(modalities, str):
            modalities = [modalities]
        if len(set(modalities)) != len(modalities) or not modalities:
            raise ValueError(
                f'modalities are one or more different ones of '
                f'{list(self.functions)}, got {list(modalities)}'
            )
        unknown = [name for name in modalities if name not in self.functions]
        if unknown:
            raise ValueError(
                f'unknown modalities {unknown}: choose from '
                f'{list(self.functions)}'
            )
        self.modalities = tuple(modalities)
        self.layout = get_layout(layout)
        self.use_time_scale = use_time_scale
        self.keep_joints = keep_joints
        self.skip_absent = skip_absent

    def forward(self, data: Dict, training: bool = False) -> Dict:
        """Collate a batch and derive its modalities.

        Args:
            data (dict): ``inputs``, a list of N tensors, and
                ``data_samples``, a list of N data samples, or what
                ``stack_collate`` makes of them. Cached features, which are
                a dict by modality and on the device, pass through.
            training (bool): Not used; both modes are the same.

        Returns:
            dict: ``inputs`` by modality and ``data_samples``.

        Raises:
            KeyError: If a data sample has no ``time_scale``, or no
                ``persons``, and it is needed.
            ValueError: If clips have another number of persons than their
                ``persons`` say.
        """
        if isinstance(data['inputs'], dict):
            return data
        # before they are moved to a device
        persons = _persons(data['data_samples']) if self.skip_absent else None
        data = self.cast_data(data)
        joints, samples = data['inputs'], data['data_samples']
        if not isinstance(joints, Tensor):  # of pseudo_collate
            joints = torch.stack(list(joints))
        joints = joints.float()
        time_scale = None
        if self.use_time_scale:
            time_scale = (
                _time_scale(samples)
                if isinstance(samples, dict)
                else joints.new_tensor([_time_scale(s) for s in samples])
            )
        inputs = self.derive(joints, time_scale)
        if self.keep_joints:
            if time_scale is None:
                time_scale = joints.new_ones(len(joints))
            inputs[JOINTS] = joints
            gamma = time_scale.to(joints)[:, None]
            inputs[TIME_SCALE] = gamma.expand(joints.shape[:2])
        if persons is not None:
            if persons.shape[1] != joints.shape[2]:
                raise ValueError(
                    f'the clips have {joints.shape[2]} persons, `persons` of '
                    f'their data samples {persons.shape[1]}: take out the '
                    'transform that changed their number, or set '
                    'skip_absent=False of the data preprocessor'
                )
            inputs[PERSONS] = persons[:, None].expand(joints.shape[:3])
        return dict(inputs=inputs, data_samples=samples)

    def derive(
        self, joints: Tensor, time_scale: Optional[Tensor] = None
    ) -> Dict[str, Tensor]:
        """Derive the modalities.

        Args:
            joints (Tensor): Joints of shape (N, ..., M, T, J, 3).
            time_scale (Tensor, optional): gamma of each clip, of shape (N, ).
                Defaults to 1 for all.

        Returns:
            dict[str, Tensor]: Each modality, of the shape of the joints.
        """
        return derive_modalities(
            joints, self.modalities, self.layout, time_scale, self.functions
        )


def _time_scale(sample) -> Union[float, Tensor]:
    if 'time_scale' not in sample:
        raise KeyError(
            'a data sample has no time_scale: add `time_scale` to the '
            'algorithm_keys of PackSkeleton, or set use_time_scale=False '
            'of the data preprocessor'
        )
    return sample.get('time_scale')


def _persons(samples: Union[Dict, Sequence]) -> Tensor:
    """Who is there, booleans of shape (N, M) on the CPU."""
    first = samples if isinstance(samples, dict) else samples[0]
    if PERSONS not in first:
        raise KeyError(
            'a data sample does not say which persons are there: add '
            '`persons` to the algorithm_keys of PackSkeleton, behind a data '
            'set that says it, as SkeletonDataset does, or set '
            'skip_absent=False of the data preprocessor'
        )
    if isinstance(samples, dict):
        return samples[PERSONS].cpu().bool()
    rows = [torch.as_tensor(sample.get(PERSONS)) for sample in samples]
    return torch.stack(rows).cpu().bool()
