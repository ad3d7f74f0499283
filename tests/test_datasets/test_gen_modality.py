import numpy as np
import pytest
import torch
from mmaction.registry import TRANSFORMS
from mmengine.dataset import Compose

from projects.ikem.models.modalities import MODALITIES, derive_modalities


def build(modality, **kwargs):
    return TRANSFORMS.build(
        dict(type='GenModality', modality=modality, **kwargs)
    )


def clip(t=7, m=2, v=25, dtype=np.float32):
    x = np.random.normal(size=(m, t, v, 3)).astype(dtype)
    x.flags.writeable = False  # as views of a file are
    return x


def derive(x, modality, time_scale=1.0, layout='ntu-25'):
    x = torch.tensor(x)[None]
    gamma = torch.tensor([time_scale])
    return derive_modalities(x, [modality], layout, gamma)[modality][0].numpy()


@pytest.mark.filterwarnings('error')
@pytest.mark.parametrize('modality', MODALITIES)
def test_is_the_modality(modality):
    x = clip()
    y = build(modality)(dict(keypoint=x, time_scale=1.5))['keypoint']
    np.testing.assert_array_equal(y, derive(x, modality, 1.5))
    assert y.dtype == np.float32
    y = build(modality)(dict(keypoint=x))['keypoint']
    np.testing.assert_array_equal(y, derive(x, modality))


@pytest.mark.parametrize(
    'dtype, expected', [(np.float16, np.float32), (np.float64, np.float64)]
)
def test_precision(dtype, expected):
    x = clip(dtype=dtype)
    y = build('bone')(dict(keypoint=x))['keypoint']
    assert y.dtype == expected
    np.testing.assert_array_equal(y, derive(x.astype(expected), 'bone'))


@pytest.mark.parametrize('modality', MODALITIES)
def test_absent_person_stays_zero(modality):
    x = clip() * np.array([1, 0], np.float32).reshape(2, 1, 1, 1)
    y = build(modality)(dict(keypoint=x))['keypoint']
    assert not y[1].any()
    assert y[0].any()


@pytest.mark.parametrize('modality', ['joint', 'bone', 'rotation_axis'])
def test_one_frame(modality):
    y = build(modality)(dict(keypoint=clip(t=1)))['keypoint']
    assert y.shape == (2, 1, 25, 3)
    assert np.isfinite(y).all() and y.any()


@pytest.mark.parametrize(
    'modality', ['motion', 'acceleration', 'angular_velocity']
)
def test_one_frame_does_not_move(modality):
    with pytest.raises(ValueError, match='1 frames'):
        build(modality)(dict(keypoint=clip(t=1)))


def test_clips_are_taken_on_their_own():
    x = clip(t=12)
    y = build('motion')(dict(keypoint=x, num_clips=3))['keypoint']
    expected = [derive(x[:, t : t + 4], 'motion') for t in (0, 4, 8)]
    np.testing.assert_array_equal(y, np.concatenate(expected, axis=1))
    with pytest.raises(ValueError, match='no 5 clips of one length'):
        build('motion')(dict(keypoint=x, num_clips=5))


@pytest.mark.parametrize('modality', MODALITIES)
def test_views_are_taken_on_their_own(modality):
    x = np.stack([clip() for _ in range(3)])
    x.flags.writeable = False
    y = build(modality)(dict(keypoint=x, time_scale=2.0))['keypoint']
    assert y.shape == x.shape
    for view, derived in zip(x, y):
        np.testing.assert_allclose(
            derived, derive(view, modality, 2.0), atol=1e-6
        )


def test_other_layouts():
    x = clip(v=20)
    y = build('bone', layout='kinect-20')(dict(keypoint=x))['keypoint']
    np.testing.assert_array_equal(y, derive(x, 'bone', layout='kinect-20'))
    with pytest.raises(ValueError, match='joints of layout'):
        build('bone')(dict(keypoint=x))


def test_unknown_modality():
    with pytest.raises(ValueError, match="'speed'.*motion"):
        build('speed')


def test_repr():
    assert repr(build('bone')) == (
        "GenModality(modality='bone', layout='ntu-25')"
    )


TOOLBOX = [dict(type='FormatGCNInput'), dict(type='PackActionInputs')]


@pytest.mark.parametrize('last', [TOOLBOX, [dict(type='PackSkeleton')]])
def test_in_the_pipeline_of_a_recognizer(last):
    x = clip(t=5)
    pipeline = Compose(
        [
            dict(type='ResampleFrames', num_frames=10),
            dict(type='GenModality', modality='rotation_axis'),
            *last,
        ]
    )
    packed = pipeline(dict(keypoint=x, total_frames=5, label=1))
    resampled = Compose([pipeline.transforms[0]])(
        dict(keypoint=x, total_frames=5)
    )['keypoint']
    np.testing.assert_array_equal(
        packed['inputs'].numpy(), derive(resampled, 'rotation_axis')[None]
    )


@pytest.mark.parametrize('last', [TOOLBOX, [dict(type='PackSkeleton')]])
def test_clips_of_the_toolbox_sampling(last):
    """They become the views, each derived on its own."""
    x = clip(t=30)
    sampling = [
        dict(
            type='UniformSampleFrames', clip_len=8, num_clips=3, test_mode=True
        ),
        dict(type='PoseDecode'),
    ]
    results = dict(keypoint=x, total_frames=30, start_index=0)
    sampled = Compose(sampling)(dict(results))['keypoint']
    gen = dict(type='GenModality', modality='motion')
    y = Compose([*sampling, gen, *last])(dict(results))['inputs']
    assert y.shape == (3, 2, 8, 25, 3)
    for i, view in enumerate(y.numpy()):
        expected = derive(sampled[:, 8 * i : 8 * i + 8], 'motion')
        np.testing.assert_array_equal(view, expected)
