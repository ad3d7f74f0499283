"""The modalities derived from the joints, as pure functions.

Every modality is a function ``(x, gamma, layout) -> (..., M, T, V, 3)`` of the
joints x of shape (..., M, T, V, 3), on any device and in any floating dtype.
``gamma`` (frames of the raw clip per frame of x) is a number or broadcasts
against x; see :func:`derive_modalities`.  Differences in time leave the last
frames, which have no successor, 0.  Equations are those of the IKEM paper.
"""

from functools import cached_property, wraps
from typing import Callable, Dict, Iterable, Optional, Sequence, Union

import torch
import torch.nn.functional as F
from torch import Tensor

from projects.ikem.skeletons import SkeletonLayout, get_layout

from .stacking import constant

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


class Hinges:
    """Bones and hinges of joints, computed once for all modalities of them.

    Coordinates come first, (3, ..., M, T, V): over the last dimension a
    product or a norm of three numbers takes ten times as long.

    Args:
        x (Tensor): Joints of shape (..., M, T, V, 3).
        layout (SkeletonLayout): Their layout.
    """

    def __init__(self, x: Tensor, layout: SkeletonLayout) -> None:
        self.x, self.layout = x, layout

    @cached_property
    def bones(self) -> Tensor:
        """Tensor: ``b_v = x_v - x_parent(v)``."""
        layout = self.layout
        x = self.x.movedim(-1, 0).contiguous()
        b = x - _take(x, layout.parents)
        if layout.torso is not None:
            p, q, r = (x[..., v] for v in layout.torso)
            normal = _cross(p - q, r - q)
            b[..., layout.root] = _normalize(normal, _norm(normal))
        return b

    @cached_property
    def partners(self) -> Tensor:
        """Tensor: ``b_j(i)``, the bone that each bone i is hinged to."""
        return _take(self.bones, self.layout.hinges)

    @cached_property
    def axes(self) -> Tensor:
        """Tensor: ``b_i x b_j(i)``; the root has no hinge, its slot is 0."""
        axes = _cross(self.bones, self.partners)
        axes[..., self.layout.root] = 0
        return axes

    @cached_property
    def sin(self) -> Tensor:
        """Tensor: ``|b_i x b_j(i)|``, of shape (..., M, T, V)."""
        return _norm(self.axes)


def _of_hinges(function: Callable) -> Modality:
    """Let a modality take the hinges of its joints where they are known."""

    @wraps(function)
    def modality(x, gamma, layout, hinges: Optional[Hinges] = None):
        return function(hinges or Hinges(x, layout), gamma).movedim(0, -1)

    modality.takes_hinges = True
    return modality


@_of_hinges
def bone(hinges: Hinges, gamma: Gamma) -> Tensor:
    """``b_v = x_v - x_parent(v)``; the root's slot holds the virtual torso
    bone where the layout has one, else 0."""
    return hinges.bones


@_of_hinges
def rotation_axis(hinges: Hinges, gamma: Gamma) -> Tensor:
    """Axis of each hinge, ``r_i = (b_i x b_j) / |b_i x b_j|`` (Eq. 4)."""
    return _normalize(hinges.axes, hinges.sin)


@_of_hinges
def raw_rotation_axis(hinges: Hinges, gamma: Gamma) -> Tensor:
    """The product ``b_i x b_j`` as the released code takes it."""
    return hinges.axes


@_of_hinges
def angular_velocity(hinges: Hinges, gamma: Gamma) -> Tensor:
    """``omega_t = r_t (theta_{t+1} - theta_t) / gamma`` (Eq. 5, 6), radians
    per raw frame, with theta the angle between the bones of a hinge."""
    # of the bones as of their directions; arccos is ill-conditioned
    cos = (hinges.bones * hinges.partners).sum(0)
    theta = torch.atan2(hinges.sin, cos)
    speed = _difference(theta[..., None], gamma)[..., 0]
    return _normalize(hinges.axes, hinges.sin) * speed


def _take(v: Tensor, joints: Sequence[int]) -> Tensor:
    """``v[..., joints]``, in a third of the time."""
    return v.gather(-1, constant(joints, v.device).expand_as(v))


def _cross(a: Tensor, b: Tensor) -> Tensor:
    """Cross products over the first dimension."""
    return _roll(a, 1) * _roll(b, 2) - _roll(a, 2) * _roll(b, 1)


def _roll(v: Tensor, steps: int) -> Tensor:
    """``v_{i + steps}`` of three coordinates."""
    return torch.cat((v[steps:], v[:steps]))


def _norm(v: Tensor) -> Tensor:
    return (v * v).sum(0).sqrt()


def _normalize(v: Tensor, norm: Tensor) -> Tensor:
    """Unit vectors, as F.normalize; a zero vector stays zero."""
    return v / norm.clamp_min(1e-12)


# In the order in which they are concatenated.
_PAPER = (joint, motion, bone, acceleration, rotation_axis, angular_velocity)
MODALITIES: Dict[str, Modality] = {
    function.__name__: function for function in _PAPER
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
    hinges, derived = Hinges(x, layout), {}
    for name in names:
        function = functions[name]
        shared = (hinges,) if hasattr(function, 'takes_hinges') else ()
        derived[name] = function(x, gamma, layout, *shared)
    return derived
