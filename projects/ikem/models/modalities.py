"""The modalities derived from the joints, as pure functions.

Every modality is a function ``(x, gamma, layout) -> (..., M, T, V, 3)`` of the
joints x of shape (..., M, T, V, 3), on any device and in any floating dtype.
``gamma`` (frames of the raw clip per frame of x) is a number or broadcasts
against x; see :func:`derive_modalities`.  Differences in time leave the last
frames, which have no successor, 0.  Equations are those of the IKEM paper.
"""

from typing import Callable, Dict, Iterable, Optional, Union

import torch
import torch.nn.functional as F
from torch import Tensor

from projects.ikem.skeletons import SkeletonLayout, get_layout

Gamma = Union[float, Tensor]


def _difference(x: Tensor, gamma: Gamma, order: int = 1) -> Tensor:
    """Forward differences per raw frame, the last ``order`` frames 0."""
    num_frames = x.size(-3)
    if num_frames <= order:  # nothing but zeros
        raise ValueError(
            f'clips of {num_frames} frames have no '
            f'{("velocity", "acceleration")[order - 1]}: prepare the data '
            f'with --num-frames {order + 1} or more, or leave out the '
            'modality'
        )
    for _ in range(order):
        x = (x[..., 1:, :, :] - x[..., :-1, :, :]) / gamma
    return F.pad(x, (0, 0, 0, 0, 0, num_frames - x.size(-3)))


def joint(x: Tensor, gamma: Gamma, layout: SkeletonLayout) -> Tensor:
    """The joints themselves."""
    return x


def motion(x: Tensor, gamma: Gamma, layout: SkeletonLayout) -> Tensor:
    """Velocity ``m_t = (x_{t+1} - x_t) / gamma``, metres per raw frame."""
    return _difference(x, gamma)


def acceleration(x: Tensor, gamma: Gamma, layout: SkeletonLayout) -> Tensor:
    """``a_t = (m_{t+1} - m_t) / gamma``."""
    return _difference(x, gamma, order=2)


def bone(x: Tensor, gamma: Gamma, layout: SkeletonLayout) -> Tensor:
    """``b_v = x_v - x_parent(v)``; the root's slot holds the virtual torso
    bone where the layout has one, else 0."""
    b = x - x[..., list(layout.parents), :]
    if layout.torso is not None:
        p, q, r = (x[..., v, :] for v in layout.torso)
        normal = torch.linalg.cross(p - q, r - q, dim=-1)
        b[..., layout.root, :] = _normalize(normal)
    return b


def rotation_axis(x: Tensor, gamma: Gamma, layout: SkeletonLayout) -> Tensor:
    """Axis of each hinge, ``r_i = (b_i x b_j) / |b_i x b_j|`` (Eq. 4)."""
    return _normalize(raw_rotation_axis(x, gamma, layout))


def raw_rotation_axis(
    x: Tensor, gamma: Gamma, layout: SkeletonLayout
) -> Tensor:
    """The product ``b_i x b_j`` as the released code takes it."""
    return _hinge_axes(bone(x, gamma, layout), layout)


def angular_velocity(
    x: Tensor, gamma: Gamma, layout: SkeletonLayout
) -> Tensor:
    """``omega_t = r_t (theta_{t+1} - theta_t) / gamma`` (Eq. 5, 6), radians
    per raw frame, with theta the angle between the bones of a hinge."""
    u = _normalize(bone(x, gamma, layout))
    axis = _hinge_axes(u, layout)
    sin = torch.linalg.vector_norm(axis, dim=-1, keepdim=True)
    cos = (u * u[..., list(layout.hinges), :]).sum(-1, keepdim=True)
    theta = torch.atan2(sin, cos)  # arccos is ill-conditioned at 0 and pi
    return _normalize(axis) * _difference(theta, gamma)


def _hinge_axes(b: Tensor, layout: SkeletonLayout) -> Tensor:
    """``b_i x b_j(i)``; the root has no hinge, its slot is exactly 0."""
    axis = torch.linalg.cross(b, b[..., list(layout.hinges), :], dim=-1)
    axis[..., layout.root, :] = 0
    return axis


def _normalize(v: Tensor) -> Tensor:
    """Unit vectors; a zero vector stays zero."""
    norm = torch.linalg.vector_norm(v, dim=-1, keepdim=True)
    return v / norm.where(norm > 0, torch.ones_like(norm))


# In the order in which they are concatenated.
MODALITIES: Dict[str, Callable[[Tensor, Gamma, SkeletonLayout], Tensor]] = {
    function.__name__: function
    for function in (
        joint,
        motion,
        bone,
        acceleration,
        rotation_axis,
        angular_velocity,
    )
}


def derive_modalities(
    x: Tensor,
    names: Iterable[str],
    layout: Union[str, dict, SkeletonLayout] = 'ntu-25',
    time_scale: Optional[Tensor] = None,
    functions: Dict[str, Callable] = MODALITIES,
) -> Dict[str, Tensor]:
    """Derive modalities from a batch of joints.

    Args:
        x (Tensor): Joints of shape (N, ..., M, T, V, 3).
        names (iterable[str]): Names of the modalities.
        layout (str | dict | SkeletonLayout): Skeleton layout. Defaults to
            ``'ntu-25'``.
        time_scale (Tensor, optional): gamma of each clip, of shape (N, ).
            Defaults to 1 for all.
        functions (dict): The modalities by name. Defaults to MODALITIES.

    Returns:
        dict[str, Tensor]: Each modality, of the shape of x.

    Raises:
        ValueError: If a modality is unknown, x does not fit the layout or
            has too few frames.
    """
    names, layout = list(names), get_layout(layout)
    if x.shape[-2:] != (layout.num_joints, 3):
        raise ValueError(
            f'joints of layout {layout.name!r} have the shape (..., '
            f'{layout.num_joints}, 3), got {tuple(x.shape)}'
        )
    unknown = [name for name in names if name not in functions]
    if unknown:
        raise ValueError(
            f'unknown modalities {unknown}: choose from {list(functions)}'
        )
    gamma = 1.0
    if time_scale is not None:
        gamma = time_scale.to(x).view(-1, *[1] * (x.dim() - 1))
    return {name: functions[name](x, gamma, layout) for name in names}
