import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from mmaction.datasets.transforms import FormatGCNInput, PackActionInputs
from mmaction.registry import TRANSFORMS


def pack(results, **kwargs):
    return TRANSFORMS.build(dict(type='PackSkeleton', **kwargs))(results)


KEYPOINTS = hnp.arrays(
    st.sampled_from([np.float16, np.float32]),
    hnp.array_shapes(min_dims=4, max_dims=5, max_side=4),
    elements=st.floats(-4, 4, width=16),
)


@settings(deadline=None)
@given(x=KEYPOINTS, padding=st.none() | st.integers(0, 2))
def test_no_number_is_lost(x, padding):
    """Nor moved: persons are added behind those of the clip, as zeros."""
    views = x if x.ndim == 5 else x[None]
    persons = views.shape[1]
    num_persons = None if padding is None else persons + padding
    x.flags.writeable = False
    y = pack(dict(keypoint=x), num_persons=num_persons)['inputs']
    assert y.dtype == torch.float32
    assert y.shape == (len(views), persons + (padding or 0), *views.shape[2:])
    np.testing.assert_array_equal(y[:, :persons], views)
    assert not y[:, persons:].any()


def test_is_what_the_toolbox_makes_of_one_clip():
    x = np.random.normal(size=(1, 7, 25, 3)).astype(np.float32)
    results = dict(keypoint=x, label=3, frame_dir='a', time_scale=1.5, other=0)
    ours = pack(dict(results), num_persons=2)
    theirs = PackActionInputs(
        meta_keys=('frame_dir',), algorithm_keys=('time_scale',)
    )(FormatGCNInput(num_person=2)(dict(results)))
    assert torch.equal(ours['inputs'], theirs['inputs'])
    assert set(ours) == {'inputs', 'data_samples'}
    ours, theirs = (packed['data_samples'] for packed in (ours, theirs))
    assert ours.to_dict().keys() == theirs.to_dict().keys()
    assert ours.metainfo == theirs.metainfo == dict(frame_dir='a')
    assert ours.time_scale == theirs.time_scale == 1.5
    assert ours.gt_label == theirs.gt_label == torch.tensor([3])


def test_own_keys():
    x = np.ones((1, 2, 3, 3), np.float32)
    results = dict(keypoint=x, frame_dir='a', camera=2, weight=0.5)
    packed = pack(results, meta_keys=('camera',), algorithm_keys=('weight',))
    sample = packed['data_samples']
    assert (sample.camera, sample.weight) == (2, 0.5)
    assert 'frame_dir' not in sample


def test_joints_are_packed_even_beside_images():
    x = np.ones((1, 2, 3, 3), np.float32)
    packed = pack(dict(keypoint=x, imgs=np.zeros((2, 8, 8, 3))))
    np.testing.assert_array_equal(packed['inputs'][0], x)


def test_more_persons_than_there_is_room_for():
    x = np.ones((3, 2, 25, 3), np.float32)
    for keypoint in (x, np.stack([x, x])):
        with pytest.raises(ValueError, match="'a'.*num_persons"):
            pack(dict(keypoint=keypoint, frame_dir='a'), num_persons=2)
    with pytest.raises(ValueError, match='num_persons'):
        pack({}, num_persons=0)


@pytest.mark.parametrize('shape', [(), (3,), (7, 25, 3), (1, 1, 2, 7, 25, 3)])
def test_wrong_dimensions(shape):
    with pytest.raises(ValueError) as error:
        pack(dict(keypoint=np.zeros(shape), frame_dir='a'))
    assert str(shape) in str(error.value) and "'a'" in str(error.value)


def test_clips_that_do_not_fit():
    """Of the toolbox's sampling, cut or padded afterwards."""
    x = np.zeros((2, 7, 25, 3))
    with pytest.raises(ValueError, match='no 2 clips of one length'):
        pack(dict(keypoint=x, num_clips=2, frame_dir='a'))
