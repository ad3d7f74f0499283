import math

import numpy as np
import pytest
from mmaction.registry import TRANSFORMS

CROP, SHEAR = dict(type='RandomTemporalCrop'), dict(type='RandomShear')
OF_ONE_CLIP = [
    dict(type='CenterJoint'),
    dict(type='ResampleFrames'),
    dict(type='AlignShoulders'),
    CROP,
    SHEAR,
    dict(type='MultiView', transforms=[SHEAR]),
]


def build(name, **kwargs):
    return TRANSFORMS.build(dict(type=name, **kwargs))


def clip(t=7, m=2, v=25):
    x = np.random.normal(size=(m, t, v, 3)).astype(np.float32)
    return dict(keypoint=x, raw_frames=t)


def test_center_joint():
    results = clip()
    x = results['keypoint'].copy()
    y = build('CenterJoint')(results)['keypoint']
    for m, t, v in np.ndindex(2, 7, 25):
        np.testing.assert_array_equal(y[m, t, v], x[m, t, v] - x[m, t, 20])


@pytest.mark.parametrize(
    'length, num_frames',
    [(7, 50), (4, 50), (1, 50), (120, 50), (50, 50), (7, 1)],
)
def test_resample_frames(length, num_frames):
    results = clip(t=length + 3)
    results.update(length=length)
    x = results['keypoint'].copy()
    results = build('ResampleFrames', num_frames=num_frames)(results)
    for t in range(num_frames):
        s = (t + 0.5) * length / num_frames - 0.5
        s = min(max(s, 0), length - 1)
        a, b = math.floor(s), min(math.floor(s) + 1, length - 1)
        expected = (a + 1 - s) * x[:, a] + (s - a) * x[:, b]
        np.testing.assert_allclose(
            results['keypoint'][:, t], expected, atol=1e-5
        )
    assert results['keypoint'].shape == (2, num_frames, 25, 3)
    assert results['keypoint'].dtype == np.float32
    assert results['num_frames'] == results['total_frames'] == num_frames
    assert results['raw_frames'] == length + 3
    assert results['time_scale'] == (length + 3) / num_frames


def test_resample_counts_the_frames_of_the_first_person():
    results = clip(t=10)
    results['keypoint'][0, 6:] = 0
    same = dict(results, length=6)
    resample = build('ResampleFrames')
    np.testing.assert_array_equal(
        resample(results)['keypoint'], resample(same)['keypoint']
    )


def test_resample_counts_the_raw_frames_of_the_toolbox_loader():
    results = clip(t=9)
    results['total_frames'] = results.pop('raw_frames')
    results = build('ResampleFrames', num_frames=6)(results)
    assert (results['raw_frames'], results['time_scale']) == (9, 1.5)


def test_resampling_again_counts_the_same_raw_frames():
    """Also where only the first frames of the recording showed somebody."""
    results = dict(clip(t=80), length=60)
    once = build('ResampleFrames', num_frames=40)(dict(results))
    x = once['keypoint'].copy()
    twice = build('ResampleFrames', num_frames=20)(once)
    assert (twice['raw_frames'], twice['num_frames']) == (80, 20)
    assert twice['time_scale'] == 4
    np.testing.assert_allclose(
        twice['keypoint'], (x[:, ::2] + x[:, 1::2]) / 2, atol=1e-6
    )


def test_resample_refuses_an_empty_clip():
    with pytest.raises(ValueError, match='present in no frame'):
        build('ResampleFrames')(
            dict(keypoint=np.zeros((2, 5, 25, 3)), raw_frames=5)
        )


def test_align_shoulders_against_the_formula():
    results = clip()
    x = results['keypoint'].astype(np.float64)
    y = build('AlignShoulders')(results)['keypoint']
    for m in range(2):
        d = x[m, :, 8] - x[m, :, 4]
        sign = -1 if sum(d[t, 2] for t in range(7)) >= 0 else 1
        for t in range(7):
            norm = math.sqrt(d[t, 0] ** 2 + d[t, 2] ** 2)
            theta = sign * math.acos(d[t, 0] / (norm + 1e-4))
            c, s = math.cos(theta), math.sin(theta)
            rotation = np.array([[c, 0, -s], [0, 1, 0], [s, 0, c]])
            for v in range(25):
                np.testing.assert_allclose(
                    y[m, t, v], rotation @ x[m, t, v], atol=1e-5
                )


@pytest.mark.parametrize('angle', [0.3, -0.3, 1.4, -1.4])
def test_align_shoulders_aligns(angle):
    results = clip()
    x = results['keypoint']
    x[:, :, 8] = x[:, :, 4] + 0.3 * np.array(
        [math.cos(angle), 0.1, math.sin(angle)], dtype=np.float32
    )
    y = build('AlignShoulders')(results)['keypoint']
    d = y[:, :, 8] - y[:, :, 4]
    # the formula's + 1e-4 leaves a small angle
    np.testing.assert_allclose(d[..., 2], 0, atol=0.3 * 0.03)
    assert (d[..., 0] > 0).all()


def test_align_shoulders_whose_depths_cancel():
    """Their sum of 0 counts as not negative."""
    x = clip()['keypoint'][:1, :2]
    x[..., 8, :] = x[..., 4, :] + np.float32([[(1, 0, 0.5), (1, 0, -0.5)]])
    x = np.round(64 * x) / 64  # sums are exact
    y = build('AlignShoulders')(dict(keypoint=x))['keypoint']
    d = y[0, :, 8] - y[0, :, 4]
    assert abs(d[0, 2]) < 0.01 < 0.7 < abs(d[1, 2])


@pytest.mark.parametrize(
    'name', ['CenterJoint', 'ResampleFrames', 'AlignShoulders']
)
def test_absent_person_stays_zero_and_input_is_kept(name):
    results = clip()
    results['keypoint'][1] = 0
    x = results['keypoint']
    before = x.copy()
    y = build(name)(results)['keypoint']
    assert not y[1].any()
    np.testing.assert_array_equal(x, before)


def test_align_shoulders_needs_three_coordinates():
    with pytest.raises(ValueError, match='needs 3 coordinates'):
        build('AlignShoulders')(dict(keypoint=np.zeros((1, 5, 25, 2))))


def test_temporal_crop_mirrors_and_covers_all_starts():
    starts = set()
    crop = build('RandomTemporalCrop')
    x = np.arange(50, dtype=np.float32).reshape(1, 50, 1, 1)
    mirrored = [*range(7, -1, -1), *range(50), *range(49, 41, -1)]
    for i in range(300):
        y = crop(dict(keypoint=x, rng_key=(i,)))['keypoint'].flatten()
        possible = [s for s in range(17) if mirrored[s : s + 50] == y.tolist()]
        assert len(possible) == 1
        starts.add(possible[0])
    assert starts == set(range(17))


def test_temporal_crop_of_a_short_clip_is_the_clip():
    x = np.random.normal(size=(1, 3, 25, 3))
    y = build('RandomTemporalCrop')(dict(keypoint=x))['keypoint']
    np.testing.assert_array_equal(x, y)


def test_shear_is_one_matrix_a_clip():
    results = clip()
    x = results['keypoint'].astype(np.float64)
    y = build('RandomShear')(results)['keypoint']
    flat = x.reshape(-1, 3)
    matrix, residual, *_ = np.linalg.lstsq(
        flat, y.reshape(-1, 3).astype(np.float64), rcond=None
    )
    assert residual.max() < 1e-8  # y = R x for all joints
    np.testing.assert_allclose(np.diag(matrix), 1, atol=1e-5)
    off = matrix.T[~np.eye(3, dtype=bool)]
    assert (np.abs(off) < 0.5).all() and np.unique(off.round(4)).size == 6


def test_shear_is_applied_from_the_left():
    """``x' = R x`` of the R that is drawn, row by row."""
    x = np.eye(3).reshape(1, 1, 3, 3)  # joints at x, y and z
    R = np.random.default_rng((1, 2)).uniform(-0.5, 0.5, (3, 3))
    np.fill_diagonal(R, 1)
    y = build('RandomShear')(dict(keypoint=x, rng_key=(1, 2)))['keypoint']
    np.testing.assert_allclose(y[0, 0], [R @ v for v in np.eye(3)])


def test_shear_entries_are_uniform():
    x = np.eye(3, dtype=np.float64).reshape(1, 1, 3, 3)
    shear = build('RandomShear')
    drawn = [shear(dict(keypoint=x, rng_key=(i,))) for i in range(1000)]
    drawn = np.concatenate([results['keypoint'][0] for results in drawn])
    entries = drawn[:, ~np.eye(3, dtype=bool)]
    quarters, _ = np.histogram(entries, bins=4, range=(-0.5, 0.5))
    assert quarters.sum() == 6000
    assert (np.abs(quarters - 1500) < 150).all()


def two_views(**kwargs):
    return build('MultiView', transforms=[CROP, SHEAR], **kwargs)


def test_multi_view_gives_different_views_of_a_clip():
    results = clip(t=50)
    x = results['keypoint']
    before = x.copy()
    views = two_views()(results)['keypoint']
    assert views.shape == (2, 2, 50, 25, 3)
    assert np.abs(views[0] - views[1]).max() > 0.1
    np.testing.assert_array_equal(x, before)


def test_randomness_depends_on_the_key_alone():
    x = clip(t=50)['keypoint']

    def views(key):
        return two_views()(dict(keypoint=x, rng_key=key))['keypoint']

    first = views((0, 3, 5))
    np.random.rand(10)
    np.testing.assert_array_equal(first, views((0, 3, 5)))
    for other in ((1, 3, 5), (0, 4, 5), (0, 3, 6)):
        assert np.abs(first - views(other)).max() > 0.1


def test_views_are_independent():
    """Of transforms that work in place, of each other, and of what is drawn
    outside."""

    class InPlace:
        def __call__(self, results):
            results['keypoint'] += 1
            return results

    x = np.zeros((1, 4, 25, 3))
    views = build('MultiView', transforms=[InPlace()])(dict(keypoint=x))
    assert (views['keypoint'] == 1).all() and not x.any()

    eye = dict(keypoint=np.eye(3).reshape(1, 1, 3, 3), rng_key=(1, 2, 3))
    outside = build('RandomShear')(dict(eye))['keypoint']
    shears = build('MultiView', transforms=[SHEAR])
    views = shears(dict(eye))['keypoint']
    draws = [outside[0, 0], views[0, 0, 0], views[1, 0, 0]]
    assert len({draw.tobytes() for draw in draws}) == 3


def test_without_a_key_randomness_is_that_of_numpy():
    x = clip(t=50)['keypoint']
    np.random.seed(1)
    first = two_views()(dict(keypoint=x))['keypoint']
    second = two_views()(dict(keypoint=x))['keypoint']
    np.random.seed(1)
    np.testing.assert_array_equal(
        first, two_views()(dict(keypoint=x))['keypoint']
    )
    assert np.abs(first - second).max() > 0.1


def test_multi_view_refuses_views_of_different_shapes():

    class Shrink:
        calls = 0

        def __call__(self, results):
            self.calls += 1
            results['keypoint'] = results['keypoint'][:, self.calls :]
            return results

    with pytest.raises(ValueError, match='must have one shape'):
        build('MultiView', transforms=[Shrink()])(clip())


def test_pipelines_are_counted_as_one_sequence_of_views():
    x = clip(t=50)['keypoint']

    def views(transforms, num_views):
        draw = build('MultiView', transforms=transforms, num_views=num_views)
        return draw(dict(keypoint=x, rng_key=(1, 2, 3)))['keypoint']

    flat = views([CROP, SHEAR], 3)
    assert flat.shape == (3, 2, 50, 25, 3)
    for num_views in ([1, 2], [2, 1], [3], [1, 1, 1]):
        pipelines = [[CROP, SHEAR]] * len(num_views)
        np.testing.assert_array_equal(views(pipelines, num_views), flat)
    # where one differs, the others stay
    mixed = views([[CROP, SHEAR], [], [CROP, SHEAR]], [1, 1, 1])
    np.testing.assert_array_equal(mixed[[0, 2]], flat[[0, 2]])
    np.testing.assert_array_equal(mixed[1], x)


def test_a_view_depends_on_the_key_and_its_number_alone():
    x = clip(t=50)['keypoint']
    views = two_views(num_views=4)(dict(keypoint=x, rng_key=(5, 6)))
    for i, view in enumerate(views['keypoint']):
        alone = dict(keypoint=x, rng_key=(5, 6, i + 1))
        for cfg in (CROP, SHEAR):
            alone = TRANSFORMS.build(cfg)(alone)
        np.testing.assert_array_equal(view, alone['keypoint'])


@pytest.mark.parametrize(
    'transforms, num_views',
    [
        ([SHEAR], 0),
        ([[SHEAR]], [0]),
        ([[SHEAR]], [1, 1]),
        ([[SHEAR], [SHEAR]], [2]),
        ([], []),
    ],
)
def test_numbers_of_views_that_do_not_fit(transforms, num_views):
    with pytest.raises(ValueError, match='num_views'):
        build('MultiView', transforms=transforms, num_views=num_views)


def test_a_view_is_one_clip():
    sample = [
        dict(type='UniformSampleFrames', clip_len=4, num_clips=2),
        dict(type='PoseDecode'),
    ]
    results = dict(clip(t=10), total_frames=10, start_index=0)
    with pytest.raises(ValueError, match='num_clips=1'):
        build('MultiView', transforms=sample)(results)


@pytest.mark.parametrize('cfg', OF_ONE_CLIP)
def test_transforms_of_one_clip_refuse_views(cfg):
    views = two_views()(dict(clip(t=50), frame_dir='x'))
    with pytest.raises(ValueError, match="'x'.* before MultiView"):
        TRANSFORMS.build(cfg)(views)


@pytest.mark.parametrize(
    'cfg',
    [
        *OF_ONE_CLIP,
        dict(type='MultiView', transforms=[[SHEAR], []], num_views=[2, 1]),
        dict(type='PackSkeleton', num_persons=3),
    ],
)
def test_repr_names_the_transform(cfg):
    assert repr(TRANSFORMS.build(cfg)).startswith(cfg['type'] + '(')
