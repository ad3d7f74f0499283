import pytest
import torch
from mmaction.structures import ActionDataSample

from projects.ikem.models import ModalityDataPreprocessor
from projects.ikem.models.modalities import derive_modalities

MODALITIES = ('joint', 'motion', 'rotation_axis')


def batch(n=3, time_scale=2.0):
    samples = [ActionDataSample() for _ in range(n)]
    for i, sample in enumerate(samples):
        if time_scale:
            sample.set_field(time_scale + i, 'time_scale')
    return dict(
        inputs=[torch.randn(2, 2, 6, 25, 3) for _ in range(n)],
        data_samples=samples,
    )


def test_derives_with_the_time_scale_of_each_sample():
    data = batch()
    joints = torch.stack(data['inputs'])
    inputs = ModalityDataPreprocessor(MODALITIES)(data)['inputs']
    expected = derive_modalities(
        joints, MODALITIES, time_scale=torch.tensor([2.0, 3.0, 4.0])
    )
    assert list(inputs) == list(MODALITIES)
    for name in MODALITIES:
        torch.testing.assert_close(inputs[name], expected[name])


def test_options_of_the_release():
    data = batch()
    joints = torch.stack(data['inputs'])
    inputs = ModalityDataPreprocessor(
        MODALITIES, use_time_scale=False, rotation_axis='raw'
    )(data)['inputs']
    expected = derive_modalities(joints, ('motion', 'rotation_axis'))
    torch.testing.assert_close(inputs['motion'], expected['motion'])
    assert not torch.allclose(
        inputs['rotation_axis'], expected['rotation_axis']
    )


def test_missing_time_scale_says_what_to_do():
    with pytest.raises(KeyError, match='algorithm_keys'):
        ModalityDataPreprocessor()(batch(time_scale=None))


def test_cached_features_pass_through():
    data = dict(inputs=dict(joint=torch.randn(3, 8)), data_samples=[])
    assert ModalityDataPreprocessor()(data)['inputs']['joint'].shape == (3, 8)
