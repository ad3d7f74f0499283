"""The modalities derived from the joints, as pure functions.

Every modality is a function ``(x, gamma, layout) -> (..., M, T, V, 3)`` of the
joints x of shape (..., M, T, V, 3), on any device and in any floating dtype.
``gamma`` (frames of the raw clip per frame of x) is a number or broadcasts
against x; see :func:`derive_modalities`.  Differences in time leave the last
frames, which have no successor, 0.  Equations are those of the IKEM paper.
"""

from typing import Callable, Dict, Iterable, Optional, Sequence, Union

import torch
import torch.nn.functional as F
from torch import Tensor

from projects.ikem.skeletons import SkeletonLayout, get_layout

Gamma = Union[float, Tensor]
Modality = Callable[[Tensor, Gamma, SkeletonLayout], Tensor]


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
    return _bones(x, layout).movedim(0, -1)


def rotation_axis(x: Tensor, gamma: Gamma, layout: SkeletonLayout) -> Tensor:
    """Axis of each hinge, ``r_i = (b_i x b_j) / |b_i x b_j|`` (Eq. 4)."""
    axis = _hinge_axes(_bones(x, layout), layout)
    return _normalize(axis, _norm(axis)).movedim(0, -1)


def raw_rotation_axis(
    x: Tensor, gamma: Gamma, layout: SkeletonLayout
) -> Tensor:
    """The product ``b_i x b_j`` as the released code takes it."""
    return _hinge_axes(_bones(x, layout), layout).movedim(0, -1)


def angular_velocity(
    x: Tensor, gamma: Gamma, layout: SkeletonLayout
) -> Tensor:
    """``omega_t = r_t (theta_{t+1} - theta_t) / gamma`` (Eq. 5, 6), radians
    per raw frame, with theta the angle between the bones of a hinge."""
    b = _bones(x, layout)
    axis = _hinge_axes(b, layout)
    # of the bones as of their directions; arccos is ill-conditioned
    sin, cos = _norm(axis), (b * _take(b, layout.hinges)).sum(0)
    theta = torch.atan2(sin, cos)
    speed = _difference(theta[..., None], gamma)[..., 0]
    return (_normalize(axis, sin) * speed).movedim(0, -1)


# Below, coordinates come first, (3, ..., M, T, V): over the last dimension a
# product or a norm of three numbers takes ten times as long.


def _bones(x: Tensor, layout: SkeletonLayout) -> Tensor:
    """Bones, coordinates first, of joints (..., M, T, V, 3)."""
    x = x.movedim(-1, 0).contiguous()
    b = x - _take(x, layout.parents)
    if layout.torso is not None:
        p, q, r = (x[..., v] for v in layout.torso)
        normal = _cross(p - q, r - q)
        b[..., layout.root] = _normalize(normal, _norm(normal))
    return b


def _hinge_axes(b: Tensor, layout: SkeletonLayout) -> Tensor:
    """``b_i x b_j(i)``; the root has no hinge, its slot is exactly 0."""
    axis = _cross(b, _take(b, layout.hinges))
    axis[..., layout.root] = 0
    return axis


def _take(v: Tensor, joints: Sequence[int]) -> Tensor:
    """``v[..., joints]``, in a third of the time."""
    index = torch.tensor(joints, device=v.device)
    return v.gather(-1, index.expand_as(v))


def _cross(a: Tensor, b: Tensor) -> Tensor:
    (a1, a2, a3), (b1, b2, b3) = a, b
    return torch.stack(
        (a2 * b3 - a3 * b2, a3 * b1 - a1 * b3, a1 * b2 - a2 * b1)
    )


def _norm(v: Tensor) -> Tensor:
    return (v * v).sum(0).sqrt()


def _normalize(v: Tensor, norm: Tensor) -> Tensor:
    """Unit vectors, as F.normalize; a zero vector stays zero."""
    return v / norm.clamp_min(1e-12)


# In the order in which they are concatenated.
MODALITIES: Dict[str, Modality] = {
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


def register_modality(function: Modality) -> Modality:
    """Make an own modality known by the name of its function; a decorator.

    Args:
        function (Callable): ``(x, gamma, layout) -> (..., M, T, V, 3)``, as
            those of this module.

    Raises:
        ValueError: If there is a modality of that name.
    """
    name = function.__name__
    if name in MODALITIES:
        raise ValueError(
            f'there is a modality {name!r} already: rename the function'
        )
    MODALITIES[name] = function
    return function


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
    # one order of strides for all, or each would be compiled anew
    return {
        name: functions[name](x, gamma, layout).contiguous() for name in names
    }
