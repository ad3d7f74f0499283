import dataclasses
from pathlib import Path

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from plain import DERIVE

from projects.ikem.models import ModalityDataPreprocessor
from projects.ikem.models import modalities as module
from projects.ikem.models.modalities import (
    MODALITIES,
    derive_modalities,
    raw_rotation_axis,
    register_modality,
)
from projects.ikem.skeletons import get_layout

RELEASED = Path(__file__).parents[1] / 'data/released_modalities.npz'
ALL = dict(MODALITIES, raw_rotation_axis=raw_rotation_axis)


def derive(x, gamma=None, layout='ntu-25', names=tuple(ALL)):
    return derive_modalities(x, names, layout, gamma, ALL)


def clip(m=2, t=6, v=25, n=3):
    return torch.randn(n, m, t, v, 3, dtype=torch.float64)


def test_released_code():
    """Extract of what the released implementation gives in float64."""
    released = np.load(RELEASED)
    x = torch.from_numpy(released['joint'])
    gamma = torch.from_numpy(released['total_frames']).double() / 50
    ours = derive(x, gamma)
    for name in set(ALL) - {'joint', 'rotation_axis'}:
        theirs = released[name]
        t = theirs.shape[-3]  # frames that have all their successors
        np.testing.assert_allclose(
            ours[name][..., :t, :, :].numpy(), theirs, atol=1e-9
        )


@pytest.mark.parametrize('name', ['ntu-25', 'ntu-25-crossclr', 'kinect-20'])
def test_plain_form(name):
    """Clip by clip and joint by joint."""
    layout = get_layout(name)
    x = clip(v=layout.num_joints)
    gamma = torch.tensor([1.3, 0.4, 2.0], dtype=torch.float64)
    ours = derive(x, gamma, layout)
    for u, function in DERIVE.items():
        for n in range(3):
            plain = function(x[n], gamma[n], layout)
            torch.testing.assert_close(ours[u][n], plain, rtol=0, atol=1e-9)
    raw = F.normalize(ours['raw_rotation_axis'], dim=-1)
    torch.testing.assert_close(raw, ours['rotation_axis'])


def random_rotation():
    q, r = torch.linalg.qr(torch.randn(3, 3, dtype=torch.float64))
    q = q * r.diagonal().sign()
    return q * torch.linalg.det(q)  # proper: determinant 1


@pytest.mark.parametrize('name', ALL)
def test_modalities_turn_with_the_body_wherever_it_stands(name):
    x, rotation = clip(), random_rotation()
    m = derive(x)[name]
    turned, moved = derive(x @ rotation.T)[name], derive(x + 3)[name]
    torch.testing.assert_close(turned, m @ rotation.T, atol=1e-9, rtol=0)
    if name != 'joint':
        torch.testing.assert_close(moved, m, atol=1e-9, rtol=0)


def test_constant_velocity():
    t = torch.arange(6, dtype=torch.float64).view(-1, 1, 1)
    x = torch.randn(25, 3, dtype=torch.float64) * t
    modalities = derive(x.expand(2, 2, 6, 25, 3))
    assert modalities['acceleration'].abs().max() < 1e-12
    motion = modalities['motion'][..., :-1, :, :]
    torch.testing.assert_close(motion, motion[..., :1, :, :].expand_as(motion))


def test_a_turning_elbow():
    """Forearm in the plane z = 0, bent by 0.1 rad more each frame."""
    x = torch.zeros(1, 1, 6, 25, 3, dtype=torch.float64)
    x[..., 5, 0] = 1  # upper arm along x: shoulder 4, elbow 5, wrist 6
    angle = 0.3 + 0.1 * torch.arange(6, dtype=torch.float64)
    x[0, 0, :, 6, 0] = 1 + angle.cos()
    x[0, 0, :, 6, 1] = angle.sin()
    modalities = derive(x)
    axis = torch.tensor([0.0, 0, -1], dtype=torch.float64)  # forearm x upper
    torch.testing.assert_close(modalities['rotation_axis'][0, 0, 0, 6], axis)
    omega = modalities['angular_velocity'][0, 0, :, 6]
    torch.testing.assert_close(omega[:-1], (0.1 * axis).expand(5, 3))
    assert not omega[-1].any()


def test_last_frames_have_no_successor():
    modalities = derive(clip())
    assert not modalities['motion'][..., -1:, :, :].any()
    assert not modalities['acceleration'][..., -2:, :, :].any()
    assert not modalities['angular_velocity'][..., -1:, :, :].any()


SHORTEST = dict(motion=2, angular_velocity=2, acceleration=3)  # others 1


@pytest.mark.parametrize('num_frames', [1, 2, 3])
def test_very_short_clips(num_frames):
    """Modalities are what they should be, or refused, but never all zero."""
    x = clip(t=num_frames)
    short = [u for u in MODALITIES if SHORTEST.get(u, 1) > num_frames]
    for name in short:
        with pytest.raises(ValueError, match=f'--num-frames {SHORTEST[name]}'):
            derive_modalities(x, [name])
    others = [u for u in MODALITIES if u not in short]
    for m in derive_modalities(x, others).values():
        assert m.shape == (3, 2, num_frames, 25, 3)
        assert m.isfinite().all() and m.any()


@pytest.mark.parametrize('dtype', [torch.float64, torch.float32])
def test_absent_person_and_zero_bones_give_zeros(dtype):
    x = clip().to(dtype)
    x[0, 1] = 0
    x[1, 0, :, 22] = x[1, 0, :, 7]  # bone 22 has no length
    x.requires_grad_()
    modalities = derive(x)
    assert all(m.isfinite().all() for m in modalities.values())
    assert not any(m[0, 1].any() for m in modalities.values())
    for name in ('bone', 'rotation_axis', 'angular_velocity'):
        assert not modalities[name][1, 0, :, 22].any()


@pytest.mark.parametrize('name', ['rotation_axis', 'angular_velocity'])
def test_root_has_no_hinge(name):
    assert not derive(clip().float())[name][..., 20, :].any()


def test_views_share_the_time_scale_of_their_clip():
    x = torch.randn(3, 2, 2, 6, 25, 3)  # (N, views, M, T, V, C)
    gamma = torch.tensor([1.0, 2, 3])
    motion = derive(x, gamma)['motion']
    for n in range(3):
        alone = derive(x[n])['motion']
        torch.testing.assert_close(motion[n] * gamma[n], alone)


def test_errors_name_the_thing():
    with pytest.raises(ValueError, match="'speed'"):
        derive(clip(), names=['joint', 'speed'])
    with pytest.raises(ValueError, match="'ntu-25' have the shape"):
        derive(clip(v=20))
    with pytest.raises(ValueError, match="'speed'"):
        ModalityDataPreprocessor(['speed'])
    with pytest.raises(ValueError, match="'unit' or 'raw'"):
        ModalityDataPreprocessor(rotation_axis='no')


def test_own_modality(monkeypatch):
    """Its values: tests/test_docs.py."""
    monkeypatch.setattr(module, 'MODALITIES', {})
    assert register_modality(MODALITIES['bone']) is MODALITIES['bone']
    assert module.MODALITIES == dict(bone=MODALITIES['bone'])
    with pytest.raises(ValueError, match='bone'):
        register_modality(MODALITIES['bone'])


def test_the_root_has_no_hinge_whatever_a_layout_says():
    layout = get_layout('ntu-25')
    hinges = list(layout.hinges)
    hinges[layout.root] = 0 if layout.root else 1
    layout = dataclasses.replace(layout, hinges=tuple(hinges))
    x = torch.randn(1, 2, 3, 25, 3)
    for u, y in derive_modalities(x, MODALITIES, layout).items():
        at_root = y[..., layout.root, :]
        assert at_root.any() == (
            u not in ('rotation_axis', 'angular_velocity')
        )
