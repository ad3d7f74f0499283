"""Strong augmentations against loops written from the formulas."""

import math

import numpy as np
import pytest
import torch
from mmaction.registry import TRANSFORMS

from projects.ikem.datasets.transforms import clip_functions as functions
from projects.ikem.models.modalities import derive_modalities
from projects.ikem.skeletons import LAYOUTS, get_layout

STRONG = [
    dict(type='RandomJointFlip', layout='ntu-25'),
    dict(type='RandomRotation'),
    dict(type='RandomGaussianNoise', sigma=0.05),
    dict(type='RandomTemporalFilter'),
    dict(type='RandomAxisMask'),
    dict(type='RandomTimeFlip'),
    dict(type='RandomResample'),
    dict(type='RandomBoneRescale', layout='ntu-25'),
]
named = pytest.mark.parametrize('cfg', STRONG, ids=lambda cfg: cfg['type'])
STICK = dict(name='stick', parents=[0, 0, 1], center=0, shoulders=(0, 2))


def build(name, **kwargs):
    return TRANSFORMS.build(dict(type=name, **kwargs))


def clip(t=12, m=2, v=25, dtype=np.float64):
    return np.random.normal(size=(m, t, v, 3)).astype(dtype)


def drawn(transform, x, num=60):
    """The transform's results of many keys."""
    return [
        transform(dict(keypoint=x, rng_key=(0, 0, i)))['keypoint']
        for i in range(num)
    ]


# What the transforms share


@named
@pytest.mark.parametrize('dtype', [np.float32, np.float64])
def test_results_are_copies_of_the_type_and_shape(cfg, dtype):
    x = clip(dtype=dtype)
    before = x.copy()
    for y in drawn(TRANSFORMS.build({**cfg, 'prob': 1}), x, 5):
        assert (y.dtype, y.shape) == (dtype, x.shape)
        assert np.isfinite(y).all() and (y != x).any()
        assert not np.shares_memory(x, y)
    np.testing.assert_array_equal(x, before)


@named
def test_results_depend_on_the_key_alone(cfg):
    x, transform = clip(), TRANSFORMS.build({**cfg, 'prob': 0.9})
    first = drawn(transform, x, 20)
    np.random.rand(3)
    for a, b in zip(first, drawn(transform, x, 20)):
        np.testing.assert_array_equal(a, b)
    assert any((a != b).any() for a, b in zip(first, first[1:]))


@named
def test_prob_is_the_share_of_clips_that_change(cfg):
    x = clip()
    for prob in (0, 0.5, 1):
        transform = TRANSFORMS.build({**cfg, 'prob': prob})
        changed = np.mean([y is not x for y in drawn(transform, x, 200)])
        assert abs(changed - prob) < 0.12 * (prob == 0.5) + 1e-6


@named
def test_absent_persons_stay_zero_but_for_noise(cfg):
    x = clip()
    x[1] = 0
    if cfg['type'] == 'RandomGaussianNoise':
        noisy = TRANSFORMS.build({**cfg, 'prob': 1})
        assert all(y[1].all() for y in drawn(noisy, x, 5))
        cfg = {**cfg, 'keep_zero': True}
    for y in drawn(TRANSFORMS.build({**cfg, 'prob': 1}), x, 5):
        assert not y[1].any() and y[0].any()


@named
def test_wrong_arguments_and_input_are_errors(cfg):
    with pytest.raises(ValueError, match=f'{cfg["type"]}.* 0 to 1, got 1.5'):
        TRANSFORMS.build({**cfg, 'prob': 1.5})
    transform = TRANSFORMS.build(cfg)
    with pytest.raises(ValueError, match=f'{cfg["type"]} takes one clip'):
        transform(dict(keypoint=clip()[None]))
    assert repr(transform).startswith(cfg['type'] + '(prob=')
    assert len(repr(transform)) < 100


@pytest.mark.parametrize('name', ['RandomJointFlip', 'RandomBoneRescale'])
def test_other_joints_than_the_layout_are_errors(name):
    transform = build(name, prob=1, layout='ntu-25')
    with pytest.raises(ValueError, match=f"{name} has .*'ntu-25'.* `layout`"):
        transform(dict(keypoint=clip(v=20)))


# One by one


def test_a_layout_without_a_mirror_cannot_be_flipped():
    with pytest.raises(ValueError, match="'stick' has no mirror"):
        build('RandomJointFlip', layout=STICK)


@pytest.mark.parametrize('name', LAYOUTS)
@pytest.mark.parametrize('coordinates', [False, True])
def test_joint_flip(name, coordinates):
    layout = get_layout(name)
    x = clip(v=layout.num_joints)
    flip = build(
        'RandomJointFlip', prob=1, layout=name, coordinates=coordinates
    )
    y = flip(dict(keypoint=x))['keypoint']
    for v in range(layout.num_joints):
        expected = x[:, :, layout.mirror[v]] * [-1 if coordinates else 1, 1, 1]
        np.testing.assert_array_equal(y[:, :, v], expected)
    twice = flip(dict(keypoint=y))['keypoint']
    np.testing.assert_array_equal(twice, x)


def test_rotation_about_one_axis_after_the_other():
    """Of AimCLR's matrices, which turn clockwise."""
    for axis, expected in enumerate(['x -z y', 'z y -x', '-y x z']):
        # where the unit vectors go in a quarter of a turn
        degrees = [90 * (axis == i) for i in range(3)]
        y = functions.rotate(np.eye(3).reshape(1, 1, 3, 3), degrees)[0, 0]
        for vector, name in zip(y, expected.split()):
            sign = -1 if name[0] == '-' else 1
            unit = np.eye(3)['xyz'.index(name[-1])]
            np.testing.assert_allclose(vector, sign * unit, atol=1e-15)
    x = clip()
    y = x
    for axis in range(3):  # x first
        y = functions.rotate(
            y, [(10, 20, 30)[axis] * (axis == i) for i in range(3)]
        )
    np.testing.assert_allclose(functions.rotate(x, (10, 20, 30)), y)


def test_rotation_keeps_distances_and_hands():
    x = clip(v=4)
    for y in drawn(build('RandomRotation'), x, 10):
        for a, b in ((0, 1), (1, 3)):
            np.testing.assert_allclose(
                np.linalg.norm(y[:, :, a] - y[:, :, b], axis=-1),
                np.linalg.norm(x[:, :, a] - x[:, :, b], axis=-1),
            )
        np.testing.assert_allclose(
            np.linalg.det(y[:, :, :3]), np.linalg.det(x[:, :, :3])
        )


def test_rotation_is_mainly_about_one_axis():
    """With others at 0 the main axis itself does not move; each is drawn."""
    eye = np.eye(3).reshape(1, 1, 3, 3)
    rotation = build('RandomRotation', other_degrees=0)
    matrices = [y[0, 0] for y in drawn(rotation, eye, 600)]
    main = [int(np.argmax(np.diag(y))) for y in matrices]
    angles = [
        math.degrees(math.acos(np.clip((np.trace(y) - 1) / 2, -1, 1)))
        for y in matrices
    ]
    assert all(abs(y[i, i] - 1) < 1e-12 for y, i in zip(matrices, main))
    assert (np.abs(np.bincount(main) - 200) < 50).all()
    assert 29 < max(angles) < 30 and min(angles) < 1
    assert abs(np.mean(angles) - 15) < 1.5


def test_rotation_needs_three_coordinates():
    with pytest.raises(ValueError, match='needs 3 coordinates'):
        build('RandomRotation')(dict(keypoint=clip()[..., :2]))


def test_noise_is_independent_gaussian():
    x = clip(t=50)
    noise = build('RandomGaussianNoise', prob=1, sigma=0.2)
    (y,) = drawn(noise, x, 1)
    e = (y - x).reshape(-1, 3) / 0.2
    assert np.abs(np.cov(e.T) - np.eye(3)).max() < 0.12
    assert abs((np.abs(e) < 1).mean() - 0.683) < 0.03


def test_noise_keeps_frames_without_a_person():
    x = clip()
    x[0, 8:] = 0
    x[1, 3, 20] = 0  # a joint at the centre is not absent
    noise = build('RandomGaussianNoise', prob=1, keep_zero=True)
    y = noise(dict(keypoint=x))['keypoint']
    assert not y[0, 8:].any() and y[0, :8].all() and y[1].all()


@pytest.mark.parametrize('sigma', [0.1, 1, 2])
@pytest.mark.parametrize('t', [1, 5, 20])
def test_temporal_filter(sigma, t):
    x = clip(t=t)
    y = functions.gaussian_filter(x, sigma)
    for s in range(t):
        expected = np.zeros((2, 25, 3))
        for k in range(-7, 8):
            if 0 <= s + k < t:
                w = math.exp(-(k**2) / (2 * sigma**2))
                expected += w * x[:, s + k]
        np.testing.assert_allclose(y[:, s], expected, atol=1e-12)


def test_temporal_filter_of_a_constant():
    """As released it enlarges; normalised it leaves all but the ends."""
    x = np.ones((1, 30, 1, 1))
    for sigma, gain in ((0.1, 1), (1, 2.5066), (2, 5.0125)):
        y = functions.gaussian_filter(x, sigma).flatten()
        np.testing.assert_allclose(y[7:-7], gain, rtol=1e-4)
        y = functions.gaussian_filter(x, sigma, normalised=True).flatten()
        np.testing.assert_allclose(y[7:-7], 1)
        assert sigma == 0.1 or y[0] < 0.8


def test_temporal_filter_draws_its_width():
    """Gains of a constant are the sums of the weights."""
    x = np.ones((1, 30, 1, 1))
    blur = build('RandomTemporalFilter', prob=1, sigma=(1, 2))
    gains = [y[0, 15, 0, 0] for y in drawn(blur, x, 200)]
    assert 2.5 < min(gains) < 2.6 and 4.9 < max(gains) < 5.02
    assert abs(np.mean(gains) - 3.76) < 0.15
    with pytest.raises(ValueError, match='sigma of RandomTemporalFilter'):
        build('RandomTemporalFilter', sigma=(0, 1))


def test_axis_mask():
    x, masks = clip(), set()
    for y in drawn(build('RandomAxisMask', prob=1), x, 20):
        (zero,) = (i for i in range(3) if not y[..., i].any())
        others = [i for i in range(3) if i != zero]
        np.testing.assert_array_equal(y[..., others], x[..., others])
        masks.add(zero)
    assert masks == {0, 1, 2}


def test_time_flip():
    x, flip = clip(), build('RandomTimeFlip', prob=1)
    y = flip(dict(keypoint=x))['keypoint']
    np.testing.assert_array_equal(y[:, 0], x[:, 11])
    np.testing.assert_array_equal(flip(dict(keypoint=y))['keypoint'], x)


@pytest.mark.parametrize('t', [1, 2, 9, 24])
@pytest.mark.parametrize('length', [1, 5, 9, 30])
def test_another_speed(t, length):
    x = clip(t=t)
    y = functions.change_speed(x, length)
    for i in range(t):
        expected = np.zeros((2, 25, 3))
        if i < length:
            s = min(max((i + 0.5) * t / length - 0.5, 0), t - 1)
            a, b = math.floor(s), min(math.floor(s) + 1, t - 1)
            expected = (a + 1 - s) * x[:, a] + (s - a) * x[:, b]
        np.testing.assert_allclose(y[:, i], expected, atol=1e-12)


def test_resample_draws_from_half_to_one_and_a_half_times_the_frames():
    x = np.ones((1, 20, 1, 1))
    results = drawn(build('RandomResample', prob=1), x, 300)
    kept = [int(y.sum()) for y in results]
    assert min(kept) == 10 and max(kept) == 20
    assert abs(np.mean([n == 20 for n in kept]) - 0.5) < 0.1
    one_frame = drawn(build('RandomResample', prob=1), x[:, :1], 20)
    assert all(y.any() for y in one_frame)  # never nothing


@pytest.mark.parametrize('name', LAYOUTS)
def test_bone_rescale(name):
    layout = get_layout(name)
    x = clip(v=layout.num_joints)
    scale = np.random.uniform(size=layout.num_joints)
    y = functions.rescale_bones(x, scale, layout)
    root = layout.root
    np.testing.assert_array_equal(y[:, :, root], x[:, :, root])
    for v, parent in enumerate(layout.parents):
        np.testing.assert_allclose(
            y[:, :, v] - y[:, :, parent],
            scale[v] * (x[:, :, v] - x[:, :, parent]),
            atol=1e-12,
        )
    ones = functions.rescale_bones(x, np.ones(layout.num_joints), layout)
    np.testing.assert_allclose(ones, x)


def test_bone_rescale_of_an_own_layout_draws_one_factor_a_bone():
    x = clip(v=3)
    factors = []
    for y in drawn(build('RandomBoneRescale', layout=STICK), x, 200):
        ratio = np.diff(y, axis=2) / np.diff(x, axis=2)
        np.testing.assert_allclose(ratio, ratio[:1, :1, :, :1] + 0 * ratio)
        factors.append(ratio[0, 0, :, 0])
    first, second = np.transpose(factors)
    for factor in (first, second):
        assert 0 < factor.min() < 0.02 and 0.48 < factor.max() < 0.5
    assert abs(np.corrcoef(first, second)[0, 1]) < 0.2


def test_numbers_of_the_released_code():
    """AimCLR's, of one joint of one clip."""
    x = np.reshape(
        [-0.15283203125, -0.435791015625, 0.10137939453125], (1, 1, 1, 3)
    )
    for degrees, expected in (
        ((17, 0.25, 0.75), (-0.15886345682, -0.38506208525, 0.22369357010)),
        ((0.5, 29, 0.125), (-0.18560978740, -0.43448582773, 0.01789673242)),
    ):
        y = functions.rotate(x, degrees).flatten()
        np.testing.assert_allclose(y, expected, atol=1e-10)
    # its x over twelve frames
    x = [-0.15283203125, -0.1402587890625, -0.134033203125, -0.133056640625,
         -0.1336669921875, -0.129638671875, -0.12005615234375,
         -0.11016845703125, -0.1058349609375, -0.10638427734375,
         -0.10675048828125, -0.10247802734375]  # fmt: skip
    y = functions.gaussian_filter(np.reshape(x, (1, 12, 1, 1)), 1.0).flatten()
    expected = [-0.257566159609, -0.333787451233, -0.340061659570,
                -0.335020533334, -0.330256174876]  # fmt: skip
    np.testing.assert_allclose(y[:5], expected, atol=1e-10)


def test_what_axes_of_rotation_become():
    """Of lengths and sizes they know nothing, but for the torso's normal; a
    masked coordinate makes all others the normal of the plane."""
    layout = get_layout('ntu-25')
    x = clip()
    on_torso = [v for v, hinge in enumerate(layout.hinges) if hinge == 20]
    others = [v for v in range(25) if v not in on_torso]

    def angular(x):
        names = ['rotation_axis', 'angular_velocity']
        derived = derive_modalities(torch.tensor(x)[None], names, layout)
        return torch.stack(list(derived.values()))[..., others, :]

    scale = np.random.uniform(0.1, 0.5, 25)
    for y in (3 * x, functions.rescale_bones(x, scale, layout)):
        torch.testing.assert_close(angular(y), angular(x))
    axes, _ = angular(functions.mask_axis(x, 2))
    assert not axes[..., :2].any()
    normal = axes[..., 2].abs()
    torch.testing.assert_close(normal, torch.ones_like(normal))
